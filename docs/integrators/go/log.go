package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// vkey is a C2SP verifier key: type 1 is Ed25519, type 6 is ML-DSA-44.
type vkey struct {
	name, id string
	kind     byte
	jwk      object
}

func parseVkey(line string) (vkey, error) {
	parts := strings.SplitN(line, "+", 3)
	if len(parts) != 3 {
		return vkey{}, malformed("no verifier key")
	}
	material, err := fromB64(parts[2])
	if err != nil || len(material) < 2 {
		return vkey{}, malformed("no verifier key")
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), material...))
	if hex.EncodeToString(digest[:4]) != parts[1] {
		return vkey{}, refuse("E_KEY", "the id is not that of the key")
	}
	key := vkey{parts[0], parts[1], material[0], object{"kty": "AKP", "alg": "ML-DSA-44", "pub": b64u(material[1:])}}
	if key.kind == 1 {
		key.jwk = object{"kty": "OKP", "crv": "Ed25519", "x": b64u(material[1:])}
	}
	return key, nil
}

type checkpoint struct {
	origin string
	size   uint64
	root   []byte
}

var sizePattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,18})$`)

// verifyCheckpoint wants one good signature by each of the log's keys.
func verifyCheckpoint(note string, keys []vkey) (*checkpoint, error) {
	cut := strings.LastIndex(note, "\n\n")
	if cut < 1 || !strings.HasSuffix(note, "\n") {
		return nil, malformed("no note")
	}
	signed, lines := note[:cut+1], strings.Split(strings.TrimSuffix(note[cut+2:], "\n"), "\n")
	parts := strings.Split(strings.TrimSuffix(signed, "\n"), "\n")
	if len(parts) != 3 || !sizePattern.MatchString(parts[1]) {
		return nil, malformed("no checkpoint")
	}
	root, err := fromB64(parts[2])
	if err != nil {
		return nil, err
	}
	size, err := strconv.ParseUint(parts[1], 10, 63)
	if err != nil {
		return nil, malformed("no size")
	}
	head := &checkpoint{parts[0], size, root}
	for _, key := range keys {
		if key.name != head.origin {
			return nil, refuse("E_KEY", "the checkpoint is of another log")
		}
		if err := head.signedBy(key, signed, lines); err != nil {
			return nil, err
		}
	}
	return head, nil
}

func (c *checkpoint) signedBy(key vkey, signed string, lines []string) error {
	found := [][]byte{}
	for _, line := range lines {
		parts := strings.Split(line, " ")
		if len(parts) != 3 || parts[0] != "—" {
			return malformed("no signature line")
		}
		data, err := fromB64(parts[2])
		if err != nil {
			return err
		}
		if parts[1] == key.name && len(data) > 4 && hex.EncodeToString(data[:4]) == key.id {
			found = append(found, data[4:])
		}
	}
	if len(found) != 1 {
		return refuse("E_KEY", "one signature by each key of the log")
	}
	if key.kind == 1 {
		return verify(key.jwk, []byte(signed), found[0])
	}
	if len(found[0]) < 8 {
		return malformed("no time")
	}
	return verify(key.jwk, c.cosigned(key.name, found[0][:8]), found[0][8:])
}

// cosigned is what an ML-DSA-44 cosigner signs (C2SP tlog-cosignature).
func (c *checkpoint) cosigned(name string, time []byte) []byte {
	out := []byte("subtree/v1\n\x00")
	out = append(append(out, byte(len(name))), name...)
	out = append(out, time...)
	out = append(append(out, byte(len(c.origin))), c.origin...)
	out = binary.BigEndian.AppendUint64(out, 0)
	out = binary.BigEndian.AppendUint64(out, c.size)
	return append(out, c.root...)
}

func leafHash(data []byte) []byte {
	digest := sha256.Sum256(append([]byte{0}, data...))
	return digest[:]
}

func nodeHash(left, right []byte) []byte {
	digest := sha256.Sum256(append(append([]byte{1}, left...), right...))
	return digest[:]
}

// verifyInclusion is RFC 9162 section 2.1.3.2.
func verifyInclusion(index, size uint64, leaf []byte, path [][]byte, root []byte) error {
	if index >= size {
		return refuse("E_INTEGRITY", "the index is beyond the tree")
	}
	position, last, hash := index, size-1, leaf
	for _, sibling := range path {
		if last == 0 {
			return refuse("E_INTEGRITY", "the path is too long")
		}
		if position%2 == 1 || position == last {
			hash = nodeHash(sibling, hash)
			for position%2 == 0 && position != 0 {
				position, last = position/2, last/2
			}
		} else {
			hash = nodeHash(hash, sibling)
		}
		position, last = position/2, last/2
	}
	if last != 0 || !bytes.Equal(hash, root) {
		return refuse("E_INTEGRITY", "the entry does not stand in the log")
	}
	return nil
}

var indexPattern = regexp.MustCompile(`^index (0|[1-9][0-9]{0,18})$`)

// verifyProof returns the index of bytes proved to stand in the log, and the head above them.
func verifyProof(leaf []byte, proof string, keys []vkey) (uint64, *checkpoint, error) {
	head, note, found := strings.Cut(proof, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !indexPattern.MatchString(lines[1]) {
		return 0, nil, malformed("no tlog-proof")
	}
	index, err := strconv.ParseUint(strings.TrimPrefix(lines[1], "index "), 10, 63)
	if err != nil {
		return 0, nil, malformed("no index")
	}
	path := [][]byte{}
	for _, line := range lines[2:] {
		hash, err := fromB64(line)
		if err != nil {
			return 0, nil, err
		}
		path = append(path, hash)
	}
	above, err := verifyCheckpoint(note, keys)
	if err != nil {
		return 0, nil, err
	}
	return index, above, verifyInclusion(index, above.size, leafHash(leaf), path, above.root)
}

type receipt struct {
	Index uint64 `json:"index"`
	Size  uint64 `json:"size"`
	T     string `json:"t"`
	reg   uint64 // where the sender's keys stand
}

// verifyReceipt checks a custody receipt for one envelope and manifest.
func verifyReceipt(data []byte, digest [32]byte, envelope string, keys []vkey) (*receipt, error) {
	document, err := parseJSON(data, 65536)
	if err != nil {
		return nil, err
	}
	if document, err = expect(document, []string{"v", "kind", "level", "entry", "proof"}, nil); err != nil {
		return nil, err
	}
	isCustody := document["v"] == int64(1) && document["kind"] == "custody" && document["level"] == "logged"
	if !isCustody || !bytes.Equal(canonical(document), data) {
		return nil, malformed("no custody receipt in its canonical encoding")
	}
	leaf, err := fromB64u(text(document, "entry"), -1)
	if err != nil {
		return nil, err
	}
	index, head, err := verifyProof(leaf, text(document, "proof"), keys)
	if err != nil {
		return nil, err
	}
	entry, err := parseJSON(leaf, 4096)
	if err != nil {
		return nil, err
	}
	if text(entry, "type") != "envelope.accepted" || text(entry, "env") != envelope {
		return nil, refuse("E_INTEGRITY", "about another envelope")
	}
	if text(entry, "man") != b64u(digest[:]) {
		return nil, refuse("E_DIGEST", "about another manifest")
	}
	reg, isNumber := entry["reg"].(int64)
	if !isNumber || reg < 0 {
		return nil, malformed("reg")
	}
	return &receipt{index, head.size, text(entry, "t"), uint64(reg)}, nil
}

// verifyAct checks the receipt of an act on an envelope; it returns the entry's index and type.
func verifyAct(data []byte, envelope string, keys []vkey) (uint64, string, error) {
	document, err := parseJSON(data, 65536)
	if err != nil {
		return 0, "", err
	}
	if document, err = expect(document, []string{"v", "kind", "level", "entry", "proof", "detail", "salt"}, nil); err != nil {
		return 0, "", err
	}
	isAct := document["v"] == int64(1) && document["kind"] == "act" && document["level"] == "logged"
	if !isAct || (document["detail"] == nil) != (document["salt"] == nil) {
		return 0, "", malformed("no receipt of an act")
	}
	leaf, err := fromB64u(text(document, "entry"), -1)
	if err != nil {
		return 0, "", err
	}
	index, _, err := verifyProof(leaf, text(document, "proof"), keys)
	if err != nil {
		return 0, "", err
	}
	entry, err := parseJSON(leaf, 4096)
	if err != nil {
		return 0, "", err
	}
	if text(entry, "env") != envelope {
		return 0, "", refuse("E_INTEGRITY", "about another envelope")
	}
	if document["detail"] != nil { // else it is not for us
		detail, err := fromB64u(text(document, "detail"), -1)
		if err != nil {
			return 0, "", err
		}
		salt, err := fromB64u(text(document, "salt"), 32)
		if err != nil {
			return 0, "", err
		}
		own := sha256.Sum256(slices.Concat([]byte("audit-commit/v1"), salt, detail))
		if text(entry, "commit") != b64u(own[:]) {
			return 0, "", refuse("E_DIGEST", "the detail is not the one that the entry commits to")
		}
	}
	return index, text(entry, "type"), nil
}
