// Command dxe is a small reader and writer of sealed declarations, written from the page beside it.
package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const usage = `dxe vectors FOLDER
dxe open    -keys FILE -sender S1 -as SEC/K1 [-out FILE] FILE
dxe seal    -keys FILE -sender S1 -from NA-XAL -to SEC/K1,NA-XCE/K1 -out FILE FILE
dxe receipt -container FILE -vkeys FILE FILE
dxe send        … -out FOLDER [-type declaration.annual -cty MEDIA-TYPE -class C2] FILE
dxe mailbox     …                   what waits
dxe collect     … -out FOLDER       lease, fetch, verify, open, store, acknowledge: all that waits
dxe lease       … [-lease-s 300]    the next delivery, as JSON
dxe acknowledge … TOKEN
dxe release     … -error TEXT TOKEN
dxe acts        … SENDER/ID         what the log proves of an envelope
dxe answer      -sent FOLDER -trust FILE FOLDER    that a collected receipt answers what was sent
… is -exchange URL -party NA-XAL -client NA-XAL/submit-1 -keys FILE -trust FILE`

type publicKey struct {
	Alg, Kid string
	Jwk      object
	Seed     string
}

type namedKey struct {
	publicKey
	party string
}

type keyFile struct {
	Sig  map[string][]publicKey
	Seal map[string]publicKey
}

func load(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func openFile(data []byte, keys keyFile, sender, as string) (*manifest, *opened, error) {
	found, body, err := parseContainer(data)
	if err != nil {
		return nil, nil, err
	}
	if err := found.verifySignatures(keys.Sig[sender]); err != nil {
		return nil, nil, err
	}
	seed, err := hex.DecodeString(keys.Seal[as].Seed)
	if err != nil {
		return nil, nil, err
	}
	by, err := newOpener(keys.Seal[as].Alg, seed)
	if err != nil {
		return nil, nil, err
	}
	party, _, _ := strings.Cut(as, "/")
	content, err := open(found, body, by, party)
	return found, content, err
}

// --- vectors ---------------------------------------------------------------------------------------------------

type tally struct{ total, failed int }

func (t *tally) expect(name string, wanted, found any) {
	t.total++
	if wanted != found {
		t.failed++
		fmt.Printf("FAILED %s: %v, not %v\n", name, found, wanted)
	}
}

func codeOf(err error) string {
	if err == nil {
		return "accepted"
	}
	if refusal := new(Refusal); errors.As(err, &refusal) {
		return refusal.Code
	}
	return err.Error()
}

type step struct {
	At, Cut int
	Put     string
}

func patched(base []byte, patch []step) ([]byte, error) {
	for _, one := range patch {
		put, err := base64.StdEncoding.DecodeString(one.Put)
		if err != nil {
			return nil, err
		}
		base = slices.Concat(base[:one.At], put, base[one.At+one.Cut:])
	}
	return base, nil
}

func vectors(folder string) (int, error) {
	var keys keyFile
	var good []struct {
		File, Sender, Cek, Kpc string
		Recipients             []string
		ContentSha256          string `json:"content_sha256"`
	}
	var refused []struct {
		Name, Code, Base string
		Patch            []step
	}
	var receipts struct {
		Vkeys          []string
		ManifestSha256 string `json:"manifest_sha256"`
		Envelope       string
		Good           struct {
			Receipt     string
			Index, Size uint64
		}
		Refused []struct{ Name, Receipt, Code string }
	}
	var parties struct {
		Registrars registrars
		Good       string
		SealingKid string `json:"sealing_kid"`
		Refused    []struct{ Name, Document string }
	}
	files := map[string]any{
		"keys": &keys, "containers": &good, "refused": &refused, "receipts": &receipts, "parties": &parties,
	}
	for name, into := range files {
		if err := load(filepath.Join(folder, name+".json"), into); err != nil {
			return 0, err
		}
	}
	count := &tally{}
	read := func(file string) ([]byte, error) { return os.ReadFile(filepath.Join(folder, "containers", file)) }
	for _, one := range good {
		data, err := read(one.File)
		if err != nil {
			return 0, err
		}
		for _, as := range one.Recipients {
			_, content, err := openFile(data, keys, one.Sender, as)
			if err != nil {
				count.expect(one.File, "accepted", codeOf(err))
				continue
			}
			digest := sha256.Sum256(content.content)
			found := []string{hex.EncodeToString(digest[:]), hex.EncodeToString(content.cek), hex.EncodeToString(content.kpc)}
			count.expect(one.File+" for "+as, true, slices.Equal(found, []string{one.ContentSha256, one.Cek, one.Kpc}))
		}
	}
	for _, one := range refused {
		base, err := read(one.Base)
		if err != nil {
			return 0, err
		}
		data, err := patched(base, one.Patch)
		if err != nil {
			return 0, err
		}
		_, _, err = openFile(data, keys, "S1", "SEC/K1")
		count.expect(one.Name, one.Code, codeOf(err))
	}
	logKeys, err := vkeysOf(receipts.Vkeys)
	if err != nil {
		return 0, err
	}
	digest, err := hex.DecodeString(receipts.ManifestSha256)
	if err != nil {
		return 0, err
	}
	check := func(data string) (*receipt, error) {
		return verifyReceipt([]byte(data), [32]byte(digest), receipts.Envelope, logKeys)
	}
	found, err := check(receipts.Good.Receipt)
	count.expect("the receipt", "accepted", codeOf(err))
	if err == nil {
		count.expect("its place", receipts.Good.Index, found.Index)
	}
	for _, one := range receipts.Refused {
		_, err := check(one.Receipt)
		count.expect(one.Name, one.Code, codeOf(err))
	}
	document, err := verifyFirst([]byte(parties.Good), parties.Registrars)
	count.expect("the party document", "accepted", codeOf(err))
	if err == nil {
		count.expect("its sealing key", parties.SealingKid, document.active("seal")[0].Kid)
	}
	for _, one := range parties.Refused {
		_, err := verifyFirst([]byte(one.Document), parties.Registrars)
		count.expect(one.Name, true, strings.HasPrefix(codeOf(err), "E_"))
	}
	fmt.Printf("%d vectors, %d failed\n", count.total, count.failed)
	return min(count.failed, 1), nil
}

func vkeysOf(lines []string) (keys []vkey, err error) {
	for _, line := range lines {
		key, err := parseVkey(line)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// --- one envelope ----------------------------------------------------------------------------------------------

func uuid7() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	milliseconds := binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixMilli()))
	copy(raw, milliseconds[2:])
	raw[6], raw[8] = raw[6]&0x0f|0x70, raw[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
}

func sealFile(content []byte, keys keyFile, sender, from, to string) ([]byte, error) {
	recipients := []namedKey{}
	for _, name := range strings.Split(to, ",") {
		party, _, _ := strings.Cut(name, "/")
		recipients = append(recipients, namedKey{keys.Seal[name], party})
	}
	signers, err := signersOf(keys.Sig[sender])
	if err != nil {
		return nil, err
	}
	return seal(content, fieldsOf(from, "", "", ""), recipients, signers)
}

// fieldsOf returns the header's own members; a letter of class C1 where nothing else is said.
func fieldsOf(from, kind, class, cty string) object {
	if kind == "" {
		kind = "correspondence"
	}
	if class == "" {
		class = "C1"
	}
	if cty == "" {
		cty = "text/plain"
	}
	return object{
		"id": uuid7(), "from": from, "type": kind, "class": class, "cty": cty,
		"created": time.Now().UTC().Format("2006-01-02T15:04:05Z"),
	}
}

func run() (int, error) {
	if len(os.Args) < 3 {
		return 2, errors.New(usage)
	}
	flags := flag.NewFlagSet("dxe", flag.ContinueOnError)
	options := map[string]*string{}
	for _, name := range []string{
		"keys", "sender", "as", "out", "from", "to", "container", "vkeys", "exchange", "party", "client", "trust",
		"type", "cty", "class", "lease-s", "error", "sent",
	} {
		options[name] = flags.String(name, "", "")
	}
	wanted := 1
	if slices.Contains([]string{"mailbox", "collect", "lease"}, os.Args[1]) {
		wanted = 0
	}
	if err := flags.Parse(os.Args[2:]); err != nil || flags.NArg() != wanted {
		return 2, errors.New(usage)
	}
	if work, isKnown := network[os.Args[1]]; isKnown {
		by, err := newCaller(func(name string) string { return *options[name] })
		if err != nil {
			return 2, err
		}
		return statusOf(work(by, flags.Arg(0)))
	}
	switch os.Args[1] {
	case "vectors":
		return vectors(flags.Arg(0))
	case "answer":
		return checkAnswer(flags.Arg(0), *options["sent"], *options["trust"])
	}
	data, err := os.ReadFile(flags.Arg(0))
	if err != nil {
		return 2, err
	}
	var keys keyFile
	if *options["keys"] != "" {
		if err := load(*options["keys"], &keys); err != nil {
			return 2, err
		}
	}
	switch os.Args[1] {
	case "open":
		_, content, err := openFile(data, keys, *options["sender"], *options["as"])
		if err != nil {
			return 4, err
		}
		return 0, write(*options["out"], content.content)
	case "seal":
		container, err := sealFile(data, keys, *options["sender"], *options["from"], *options["to"])
		if err != nil {
			return 4, err
		}
		return 0, write(*options["out"], container)
	case "receipt":
		return checkReceipt(data, *options["container"], *options["vkeys"])
	}
	return 2, errors.New(usage)
}

// statusOf is 4 for a refusal, 2 for whatever else went wrong.
func statusOf(err error) (int, error) {
	switch refusal := new(Refusal); {
	case err == nil:
		return 0, nil
	case errors.As(err, &refusal):
		return 4, err
	}
	return 2, err
}

func checkAnswer(folder, sent, trust string) (int, error) {
	by, err := loadPinned(trust)
	if err != nil {
		return 2, err
	}
	word, err := verifyAnswer(folder, sent, by.log)
	if err == nil {
		fmt.Printf("%s: %s at %s\n", text(word, "kind"), text(word, "verdict"), text(word, "t"))
	}
	return statusOf(err)
}

func checkReceipt(data []byte, container, vkeyFile string) (int, error) {
	var lines []string
	if err := load(vkeyFile, &lines); err != nil {
		return 2, err
	}
	keys, err := vkeysOf(lines)
	if err != nil {
		return 4, err
	}
	raw, err := os.ReadFile(container)
	if err != nil {
		return 2, err
	}
	found, _, err := parseContainer(raw)
	if err != nil {
		return 4, err
	}
	proved, err := verifyReceipt(data, found.digest, found.id, keys)
	if err != nil {
		return 4, err
	}
	return 0, json.NewEncoder(os.Stdout).Encode(proved)
}

func write(path string, data []byte) error {
	if path == "" {
		_, err := os.Stdout.Write(data)
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

func main() {
	status, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 2)
	}
	os.Exit(status)
}
