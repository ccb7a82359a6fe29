package main

import "crypto/sha256"

const maxDocument = 262144

// registrars is the part of the pinned file that says who may add trust.
type registrars struct {
	Threshold  int
	Registrars []struct{ Keys []object }
}

// partyDocument is a party's keys, as a document proves them.
type partyDocument struct {
	party  string
	keys   []object
	state  object // the leaf of the tree over all documents in force
	digest [32]byte
}

// verifyFirst reads a first document: signed by its own root pair and by enough registrars, both halves each.
func verifyFirst(raw []byte, by registrars) (*partyDocument, error) {
	outer, err := parseJWS(raw, "dxe-party+json", maxDocument)
	if err != nil {
		return nil, err
	}
	members, err := parseJSON(outer.payload, maxDocument)
	if err != nil {
		return nil, err
	}
	found := &partyDocument{party: text(members, "party"), digest: sha256.Sum256(raw)}
	listed, _ := members["keys"].([]any)
	for _, item := range listed {
		key, isObject := item.(object)
		if _, hasJwk := key["jwk"].(object); !isObject || !hasJwk {
			return nil, malformed("a key of the document")
		}
		found.keys = append(found.keys, key)
	}
	roots := []object{}
	for _, key := range found.active("root") {
		roots = append(roots, key.Jwk)
	}
	pairs := [][]object{roots}
	for _, one := range by.Registrars {
		pairs = append(pairs, one.Keys)
	}
	signed, err := signedBy(outer, pairs)
	if err != nil {
		return nil, err
	}
	isWhole := func(pair []object) bool {
		return len(pair) == 2 && signed[thumbprint(pair[0])] && signed[thumbprint(pair[1])]
	}
	enough := 0
	for _, pair := range pairs[1:] {
		if isWhole(pair) {
			enough++
		}
	}
	if !isWhole(roots) || enough < by.Threshold {
		return nil, refuse("E_SIGNATURE", "adding trust needs the root pair and enough registrars")
	}
	found.state = object{"party": found.party, "ver": members["ver"], "doc": b64u(found.digest[:])}
	return found, nil
}

// signedBy verifies every signature; one by a key of none of the pairs is refused.
func signedBy(outer *jws, pairs [][]object) (map[string]bool, error) {
	known := map[string]object{}
	for _, pair := range pairs {
		for _, jwk := range pair {
			known[thumbprint(jwk)] = jwk
		}
	}
	signed := map[string]bool{}
	for _, one := range outer.signatures {
		jwk, isKnown := known[one.kid]
		if !isKnown || algorithmOf(jwk) != one.alg {
			return nil, refuse("E_KEY", "by no root or registrar")
		}
		if err := verify(jwk, one.input, one.signature); err != nil {
			return nil, err
		}
		signed[one.kid] = true
	}
	return signed, nil
}

// active returns the keys of one use that are in force.
func (d *partyDocument) active(use string) (keys []publicKey) {
	for _, key := range d.keys {
		if text(key, "use") == use && text(key, "status") == "active" {
			jwk := key["jwk"].(object)
			keys = append(keys, publicKey{Alg: algorithmOf(jwk), Kid: text(key, "kid"), Jwk: jwk})
		}
	}
	return keys
}

// pair returns the two signing keys that a header names, if both are in force.
func (d *partyDocument) pair(signatures []signature) ([]publicKey, error) {
	pair := []publicKey{}
	for _, one := range signatures {
		for _, key := range d.active("sig") {
			if key.Kid == one.kid {
				pair = append(pair, key)
			}
		}
	}
	if len(pair) != 2 {
		return nil, refuse("E_KEY", "not signed by keys in force")
	}
	return pair, nil
}

// registryProof is the answer of GET /v1/parties/{party}/proof.
type registryProof struct {
	Entry, Proof    string
	Documents       []string
	Position, Count uint64
	Path            []string
}

// verify checks document, state tree and log for a party with one version; it returns the entry's index too.
func (p registryProof) verify(party string, by pinned) (*partyDocument, uint64, error) {
	if len(p.Documents) != 1 {
		return nil, 0, refuse("E_VERSION", "this small reader follows no successions")
	}
	document, err := verifyFirst([]byte(p.Documents[0]), by.Registrars)
	if err != nil {
		return nil, 0, err
	}
	if document.party != party {
		return nil, 0, refuse("E_INTEGRITY", "the document of another party")
	}
	leaf, err := fromB64u(p.Entry, -1)
	if err != nil {
		return nil, 0, err
	}
	index, _, err := verifyProof(leaf, p.Proof, by.log)
	if err != nil {
		return nil, 0, err
	}
	entry, err := parseJSON(leaf, 4096)
	if err != nil {
		return nil, 0, err
	}
	root, err := fromB64u(text(entry, "state"), 32)
	if err != nil {
		return nil, 0, err
	}
	path := [][]byte{}
	for _, line := range p.Path {
		hash, err := fromB64(line)
		if err != nil {
			return nil, 0, err
		}
		path = append(path, hash)
	}
	return document, index, verifyInclusion(p.Position, p.Count, leafHash(canonical(document.state)), path, root)
}

// pinned is the trust file: registrars and the log's keys, got from somewhere else than the exchange.
type pinned struct {
	Registrars registrars
	Log        struct{ Vkeys []string }
	log        []vkey
}

func loadPinned(path string) (found pinned, err error) {
	if err = load(path, &found); err != nil {
		return found, err
	}
	found.log, err = vkeysOf(found.Log.Vkeys)
	return found, err
}
