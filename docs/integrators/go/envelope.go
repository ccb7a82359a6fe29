package main

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"math/bits"
	"regexp"
	"slices"
)

const (
	maxManifest = 65536
	maxContent  = 104857600
	chunkSize   = 16384
)

var (
	kidPattern     = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	uuidPattern    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	partyPattern   = regexp.MustCompile(`^[A-Z][A-Z0-9-]{1,31}$`)
	typePattern    = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,63}$`)
	classPattern   = regexp.MustCompile(`^C[0-3]$`)
	ctyPattern     = regexp.MustCompile(`^[a-z0-9.+/-]{3,127}$`)
	createdPattern = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
	periodPattern  = regexp.MustCompile(`^\d{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?$`)
)

// --- JWS -------------------------------------------------------------------------------------------------------

type signature struct {
	alg, kid         string
	input, signature []byte
}

type jws struct {
	payload    []byte
	signatures []signature
}

// parseJWS reads the shape and encodings; nothing is verified yet.
func parseJWS(data []byte, typ string, maxBytes int) (*jws, error) {
	outer, err := parseJSON(data, maxBytes)
	if err != nil {
		return nil, err
	}
	if outer, err = expect(outer, []string{"payload", "signatures"}, nil); err != nil {
		return nil, err
	}
	encoded, isText := outer["payload"].(string)
	items, isList := outer["signatures"].([]any)
	if !isText || !isList {
		return nil, malformed("no JWS")
	}
	found := &jws{}
	if found.payload, err = fromB64u(encoded, -1); err != nil {
		return nil, err
	}
	for _, item := range items {
		one, err := parseSignature(item, encoded, typ)
		if err != nil {
			return nil, err
		}
		found.signatures = append(found.signatures, one)
	}
	return found, nil
}

func parseSignature(item any, payload, typ string) (one signature, err error) {
	members, err := expect(item, []string{"protected", "signature"}, nil)
	if err != nil {
		return one, err
	}
	protected, err := fromB64u(text(members, "protected"), -1)
	if err != nil {
		return one, err
	}
	header, err := parseJSON(protected, 256)
	if err != nil {
		return one, err
	}
	if header, err = expect(header, []string{"alg", "kid", "typ"}, nil); err != nil {
		return one, err
	}
	one.alg, one.kid = text(header, "alg"), text(header, "kid")
	if text(header, "typ") != typ || !kidPattern.MatchString(one.kid) {
		return one, malformed("typ is " + typ)
	}
	size, known := signatureSize[one.alg]
	if !known {
		return one, refuse("E_KEY", "an algorithm outside the registry")
	}
	one.input = []byte(text(members, "protected") + "." + payload)
	one.signature, err = fromB64u(text(members, "signature"), size)
	return one, err
}

func signJWS(payload []byte, typ string, signers []signer) []byte {
	encoded := b64u(payload)
	signatures := []any{}
	for _, by := range signers {
		protected := b64u(canonical(object{"alg": by.alg, "kid": by.kid, "typ": typ}))
		signed := by.sign([]byte(protected + "." + encoded))
		signatures = append(signatures, object{"protected": protected, "signature": b64u(signed)})
	}
	return canonical(object{"payload": encoded, "signatures": signatures})
}

// --- the manifest ----------------------------------------------------------------------------------------------

type recipient struct{ party, kid string }

type manifest struct {
	digest, hh     [32]byte
	id, from       string
	kind, irt      string // its type, and what it answers
	to             []recipient
	slots          []string
	pc, bodyDigest []byte
	bodyLength     int
	signatures     []signature
}

// parseContainer returns the manifest and the body.
func parseContainer(data []byte) (*manifest, []byte, error) {
	if len(data) < 8 || string(data[:3]) != "DXE" {
		return nil, nil, malformed("no DXE container")
	}
	if data[3] != '1' {
		return nil, nil, refuse("E_VERSION", "unknown container version")
	}
	size := int(binary.BigEndian.Uint32(data[4:]))
	if size > maxManifest {
		return nil, nil, refuse("E_TOO_LARGE", "the manifest is too long")
	}
	if len(data) < 8+size {
		return nil, nil, malformed("the container ends inside its manifest")
	}
	found, err := parseManifest(data[8 : 8+size])
	return found, data[8+size:], err
}

func parseManifest(raw []byte) (*manifest, error) {
	outer, err := parseJWS(raw, "dxe-manifest+json", maxManifest)
	if err != nil {
		return nil, err
	}
	payload, err := parseJSON(outer.payload, maxManifest)
	if err != nil {
		return nil, err
	}
	if payload, err = expect(payload, []string{"hdr", "slots", "pc", "len", "sha256"}, nil); err != nil {
		return nil, err
	}
	found := &manifest{digest: sha256.Sum256(raw), signatures: outer.signatures}
	length, isNumber := payload["len"].(int64)
	if !isNumber || length < 72 || length > 117440512 {
		return nil, malformed("len")
	}
	found.bodyLength = int(length)
	if found.pc, err = fromB64u(text(payload, "pc"), 32); err != nil {
		return nil, err
	}
	if found.bodyDigest, err = fromB64u(text(payload, "sha256"), 32); err != nil {
		return nil, err
	}
	kids, err := found.readSlots(payload["slots"])
	if err != nil {
		return nil, err
	}
	header, err := fromB64u(text(payload, "hdr"), -1)
	if err != nil {
		return nil, err
	}
	found.hh = sha256.Sum256(header)
	return found, found.readHeader(header, kids)
}

func (m *manifest) readSlots(value any) (kids []string, err error) {
	slots, isList := value.([]any)
	if !isList || len(slots) < 1 || len(slots) > 16 {
		return nil, malformed("1 to 16 slots")
	}
	for _, item := range slots {
		slot, err := expect(item, []string{"kid", "ct"}, nil)
		if err != nil {
			return nil, err
		}
		kids = append(kids, text(slot, "kid"))
		m.slots = append(m.slots, text(slot, "ct"))
	}
	return kids, nil
}

func (m *manifest) readHeader(raw []byte, slotKids []string) error {
	header, err := parseJSON(raw, 4096)
	if err != nil {
		return err
	}
	if version, isNumber := header["v"].(int64); isNumber && version != 1 {
		return refuse("E_VERSION", "unknown v")
	}
	if enc, isText := header["enc"].(string); isText && enc != "C1" {
		return refuse("E_VERSION", "unknown enc")
	}
	required := []string{"v", "id", "from", "skid", "to", "type", "enc", "class", "cty", "created"}
	if header, err = expect(header, required, []string{"period", "irt", "sup", "log"}); err != nil {
		return err
	}
	if header["v"] != int64(1) || header["enc"] != "C1" {
		return malformed("v and enc")
	}
	patterns := map[string]*regexp.Regexp{
		"id": uuidPattern, "from": partyPattern, "type": typePattern, "class": classPattern, "cty": ctyPattern,
		"created": createdPattern, "period": periodPattern, "irt": uuidPattern, "sup": uuidPattern,
	}
	for name, pattern := range patterns {
		if _, there := header[name]; there && !pattern.MatchString(text(header, name)) {
			return malformed("header member " + name)
		}
	}
	if beacon, there := header["log"]; there {
		members, err := expect(beacon, []string{"size", "root"}, nil)
		if err != nil {
			return err
		}
		if size, ok := members["size"].(int64); !ok || size < 1 || !kidPattern.MatchString(text(members, "root")) {
			return malformed("log")
		}
	}
	m.id, m.from = text(header, "id"), text(header, "from")
	m.kind, m.irt = text(header, "type"), text(header, "irt")
	return m.readKeys(header, slotKids)
}

func (m *manifest) readKeys(header object, slotKids []string) error {
	skid, isList := header["skid"].([]any)
	if !isList || len(skid) != 2 || len(m.signatures) != 2 {
		return malformed("two signatures, by the keys the header names")
	}
	for i, kid := range skid {
		if kid != m.signatures[i].kid {
			return malformed("two signatures, by the keys the header names")
		}
	}
	to, isList := header["to"].([]any)
	if !isList || len(to) < 1 || len(to) > 16 {
		return malformed("1 to 16 recipients")
	}
	kids := []string{}
	for _, item := range to {
		one, err := expect(item, []string{"party", "kid"}, nil)
		if err != nil {
			return err
		}
		next := recipient{text(one, "party"), text(one, "kid")}
		if !partyPattern.MatchString(next.party) || !kidPattern.MatchString(next.kid) {
			return malformed("a recipient")
		}
		for _, before := range m.to {
			if before.party == next.party {
				return malformed("a recipient stands twice")
			}
		}
		m.to = append(m.to, next)
		kids = append(kids, next.kid)
	}
	if !slices.Equal(kids, slotKids) {
		return malformed("slots and recipients differ")
	}
	return nil
}

// verifySignatures checks both, by the sender's registered pair in profile order.
func (m *manifest) verifySignatures(pair []publicKey) error {
	for i, one := range m.signatures {
		if one.kid != pair[i].Kid || one.alg != pair[i].Alg {
			return refuse("E_KEY", "not by the registered key")
		}
		if err := verify(pair[i].Jwk, one.input, one.signature); err != nil {
			return err
		}
	}
	return nil
}

// --- the body --------------------------------------------------------------------------------------------------

func padme(length int) int {
	length = max(length, 4096)
	exponent := bits.Len(uint(length)) - 1
	step := 1 << (exponent - bits.Len(uint(exponent)))
	return (length + step - 1) / step * step
}

func expandKey(secret []byte, label string, parts ...[]byte) []byte {
	info := []byte(label)
	for _, part := range parts {
		info = append(info, part...)
	}
	size := 32
	if len(parts) > 1 {
		size = 76
	}
	out, err := hkdf.Expand(sha512.New, secret, string(info), size)
	if err != nil {
		panic(err) // the sizes are constants
	}
	return out
}

func bodyKeys(cek, salt []byte, hh [32]byte) (key, nonce, commitment []byte) {
	label := "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
	out := expandKey(cek, label, salt, append([]byte("dxe/1 body\x00"), hh[:]...))
	return out[:32], out[32:44], out[44:]
}

func commitmentKey(cek []byte, hh [32]byte) []byte {
	return expandKey(cek, "dxe/1 plaintext-commitment\x00", hh[:])
}

func commitment(kpc, content []byte) []byte {
	mac := hmac.New(sha256.New, kpc)
	mac.Write(content)
	return mac.Sum(nil)
}

func chunkNonce(nonce []byte, index int) []byte {
	out := slices.Clone(nonce)
	last := binary.BigEndian.Uint32(out[8:]) ^ uint32(index) // far fewer than 2^32 chunks
	binary.BigEndian.PutUint32(out[8:], last)
	return out
}

func slotInfo(hh [32]byte, kid string) ([]byte, error) {
	raw, err := fromB64u(kid, 32)
	return append(append([]byte("dxe/1 slot\x00"), hh[:]...), raw...), err
}

type opened struct{ content, cek, kpc []byte }

// open returns the content for one party; use nothing of it after an error.
func open(m *manifest, body []byte, by opener, party string) (*opened, error) {
	place := slices.Index(m.to, recipient{party, by.kid})
	if place < 0 {
		return nil, refuse("E_NOT_RECIPIENT", "no slot for this party and key")
	}
	sealed, err := fromB64u(m.slots[place], -1)
	if err != nil {
		return nil, err
	}
	info, err := slotInfo(m.hh, by.kid)
	if err != nil {
		return nil, err
	}
	cek, err := by.open(info, sealed)
	if err != nil {
		return nil, err
	}
	if len(body) < 72 {
		return nil, refuse("E_LENGTH", "the body is cut")
	}
	key, nonce, committed := bodyKeys(cek, body[:24], m.hh)
	if subtle.ConstantTimeCompare(body[24:56], committed) != 1 {
		return nil, refuse("E_KEY_COMMITMENT", "the body opens under another key")
	}
	if len(body) != m.bodyLength {
		return nil, refuse("E_LENGTH", "the body is not as long as signed")
	}
	if digest := sha256.Sum256(body); subtle.ConstantTimeCompare(digest[:], m.bodyDigest) != 1 {
		return nil, refuse("E_DIGEST", "the body is not the one that was signed")
	}
	inner, err := openChunks(key, nonce, body[56:])
	if err != nil {
		return nil, err
	}
	content, err := unpad(inner)
	if err != nil {
		return nil, err
	}
	kpc := commitmentKey(cek, m.hh)
	if subtle.ConstantTimeCompare(commitment(kpc, content), m.pc) != 1 {
		return nil, refuse("E_PLAINTEXT_COMMITMENT", "the content is not the one committed to")
	}
	return &opened{content, cek, kpc}, nil
}

func openChunks(key, nonce, sealed []byte) ([]byte, error) {
	aead, inner := aesGCM(key), []byte{}
	for index := 0; ; index++ {
		size := min(chunkSize+16, len(sealed))
		chunk, err := aead.Open(nil, chunkNonce(nonce, index), sealed[:size], nil)
		if err != nil {
			return nil, refuse("E_BODY", "a chunk does not open")
		}
		inner, sealed = append(inner, chunk...), sealed[size:]
		if size < chunkSize+16 { // the last one is always shorter
			return inner, nil
		}
	}
}

func unpad(inner []byte) ([]byte, error) {
	if len(inner) < 8 {
		return nil, refuse("E_PADDING", "no length")
	}
	size := binary.BigEndian.Uint64(inner)
	if size > maxContent || len(inner) != padme(8+int(size)) {
		return nil, refuse("E_PADDING", "the length does not fit")
	}
	for _, zero := range inner[8+size:] {
		if zero != 0 {
			return nil, refuse("E_PADDING", "the padding is not zero")
		}
	}
	return inner[8 : 8+size], nil
}

func sealBody(cek []byte, hh [32]byte, content []byte) []byte {
	salt := make([]byte, 24)
	_, _ = rand.Read(salt)
	key, nonce, committed := bodyKeys(cek, salt, hh)
	inner := make([]byte, padme(8+len(content)))
	binary.BigEndian.PutUint64(inner, uint64(len(content)))
	copy(inner[8:], content)
	aead, body := aesGCM(key), append(salt, committed...)
	for index := 0; index*chunkSize <= len(inner); index++ {
		chunk := inner[index*chunkSize : min((index+1)*chunkSize, len(inner))]
		body = aead.Seal(body, chunkNonce(nonce, index), chunk, nil)
	}
	return body
}

// seal returns the container; `fields` is the header without v, enc, skid and to.
func seal(content []byte, fields object, to []namedKey, by []signer) ([]byte, error) {
	if !slices.Contains(profiles, [2]string{by[0].alg, by[1].alg}) {
		return nil, refuse("E_KEY", "the keys make no signing pair")
	}
	recipients := []any{}
	for _, one := range to {
		recipients = append(recipients, object{"party": one.party, "kid": one.Kid})
	}
	fields["v"], fields["enc"], fields["to"] = 1, "C1", recipients
	fields["skid"] = []any{by[0].kid, by[1].kid}
	header := canonical(fields)
	hh := sha256.Sum256(header)
	cek := make([]byte, 32)
	_, _ = rand.Read(cek)
	slots := []any{}
	for _, one := range to {
		info, err := slotInfo(hh, one.Kid)
		if err != nil {
			return nil, err
		}
		sealed, err := sealTo(one.Jwk, info, cek)
		if err != nil {
			return nil, err
		}
		slots = append(slots, object{"kid": one.Kid, "ct": b64u(sealed)})
	}
	body := sealBody(cek, hh, content)
	digest := sha256.Sum256(body)
	payload := object{
		"hdr": b64u(header), "slots": slots, "pc": b64u(commitment(commitmentKey(cek, hh), content)),
		"len": len(body), "sha256": b64u(digest[:]),
	}
	raw := signJWS(canonical(payload), "dxe-manifest+json", by)
	if _, err := parseManifest(raw); err != nil { // what we send, we would accept
		return nil, err
	}
	container := binary.BigEndian.AppendUint32([]byte("DXE1"), uint32(len(raw)))
	return append(append(container, raw...), body...), nil
}
