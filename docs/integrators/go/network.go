package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ownKeys is the file of one party's seeds: access, signing and sealing.
type ownKeys struct{ Api, Sig, Seal []publicKey }

func signersOf(keys []publicKey) (signers []signer, err error) {
	for _, key := range keys {
		seed, err := hex.DecodeString(key.Seed)
		if err != nil {
			return nil, err
		}
		one, err := newSigner(key.Alg, seed)
		if err != nil {
			return nil, err
		}
		signers = append(signers, one)
	}
	return signers, nil
}

func openersOf(keys []publicKey) (openers []opener, err error) {
	for _, key := range keys {
		seed, err := hex.DecodeString(key.Seed)
		if err != nil {
			return nil, err
		}
		one, err := newOpener(key.Alg, seed)
		if err != nil {
			return nil, err
		}
		openers = append(openers, one)
	}
	return openers, nil
}

// caller is one party at the exchange, with its keys and what it pinned.
type caller struct {
	*exchange
	party   string
	keys    ownKeys
	trust   pinned
	options func(name string) string
}

func newCaller(options func(name string) string) (*caller, error) {
	made := &caller{party: options("party"), options: options}
	if err := load(options("keys"), &made.keys); err != nil {
		return nil, err
	}
	signers, err := signersOf(made.keys.Api)
	if err != nil || len(signers) == 0 {
		return nil, errors.Join(err, errors.New("the key file has no access key: `api`"))
	}
	made.exchange = newExchange(options("exchange"), options("client"), signers[0])
	made.trust, err = loadPinned(options("trust"))
	return made, err
}

// network names what is done over HTTP; each takes the one argument that stands after the options.
var network = map[string]func(by *caller, argument string) error{
	"send": (*caller).send,
	"mailbox": func(by *caller, _ string) error {
		return by.waiting(func(one delivery) {
			line := fmt.Sprintf("%d %s %s %s %s %d bytes %s", one.Seq, one.State, one.Sender, one.ID, one.Type, one.Size, one.LastError)
			fmt.Println(strings.TrimSpace(line))
		})
	},
	"collect": func(by *caller, _ string) error {
		openers, err := openersOf(by.keys.Seal)
		if err != nil {
			return err
		}
		return home{by.party, openers, by.trust}.collect(by.exchange, by.options("out"), func(one delivery) {
			fmt.Println(one.Seq, "acknowledged", one.Sender, one.ID, one.Type)
		})
	},
	"lease": func(by *caller, _ string) error {
		seconds := leaseSeconds
		if asked := by.options("lease-s"); asked != "" {
			if _, err := fmt.Sscan(asked, &seconds); err != nil {
				return err
			}
		}
		found, err := by.lease(seconds)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(found)
	},
	"acknowledge": func(by *caller, token string) error { return by.acknowledge(token) },
	"release":     func(by *caller, token string) error { return by.release(token, by.options("error")) },
	"acts":        (*caller).showActs,
}

func (c *caller) send(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var proof registryProof
	if err := c.json("/v1/parties/"+secretariat+"/proof", &proof); err != nil {
		return err
	}
	document, _, err := proof.verify(secretariat, c.trust)
	if err != nil {
		return err
	}
	sealing := document.active("seal")
	if len(sealing) == 0 {
		return refuse("E_RECIPIENT", "no sealing key in force")
	}
	signers, err := signersOf(c.keys.Sig)
	if err != nil {
		return err
	}
	fields := fieldsOf(c.party, c.options("type"), c.options("class"), c.options("cty"))
	container, err := seal(content, fields, []namedKey{{sealing[0], secretariat}}, signers)
	if err != nil {
		return err
	}
	found, _, err := parseContainer(container)
	if err != nil {
		return err
	}
	out := c.options("out")
	if err := write(filepath.Join(out, "sent.dxe"), container); err != nil { // before its first byte leaves
		return err
	}
	raw, err := c.deposit(container)
	if err != nil {
		return err
	}
	proved, err := verifyReceipt(raw, found.digest, found.id, c.trust.log)
	if err != nil {
		return err
	}
	fmt.Printf("%s accepted at %s, log index %d of %d\n", found.id, proved.T, proved.Index, proved.Size)
	return write(filepath.Join(out, "receipt.json"), raw)
}

func (c *caller) showActs(name string) error {
	sender, id, _ := strings.Cut(name, "/")
	found, err := c.acts(sender, id, c.trust.log)
	for _, one := range found {
		by, where := "the exchange", "owed"
		if one.Party != nil {
			by = *one.Party
		}
		if string(one.Receipt) != "null" {
			where = fmt.Sprintf("log index %d", one.index)
		}
		fmt.Printf("%s by %s at %s: %s\n", one.Type, by, one.T, where)
	}
	return err
}
