package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hpke"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"math/big"

	"github.com/cloudflare/circl/sign"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
)

var signatureSize = map[string]int{"Ed25519": 64, "ES384": 96, "ML-DSA-44": 2420, "ML-DSA-65": 3309, "ML-DSA-87": 4627}
var profiles = [][2]string{{"Ed25519", "ML-DSA-65"}, {"ES384", "ML-DSA-87"}}

func thumbprint(jwk object) string {
	digest := sha256.Sum256(canonical(jwk))
	return b64u(digest[:])
}

func algorithmOf(jwk object) string {
	switch text(jwk, "kty") {
	case "OKP":
		return "Ed25519"
	case "EC":
		return "ES384"
	}
	return text(jwk, "alg")
}

var mldsa = map[string]sign.Scheme{"ML-DSA-44": mldsa44.Scheme(), "ML-DSA-65": mldsa65.Scheme(), "ML-DSA-87": mldsa87.Scheme()}

func verify(jwk object, message, signature []byte) error {
	alg := algorithmOf(jwk)
	good := false
	if len(signature) == signatureSize[alg] {
		switch {
		case mldsa[alg] != nil:
			raw, err := fromB64u(text(jwk, "pub"), -1)
			if err != nil {
				return err
			}
			scheme := mldsa[alg]
			if key, err := scheme.UnmarshalBinaryPublicKey(raw); err == nil {
				good = scheme.Verify(key, message, signature, nil)
			}
		case alg == "Ed25519":
			raw, err := fromB64u(text(jwk, "x"), ed25519.PublicKeySize)
			if err != nil {
				return err
			}
			good = ed25519.Verify(raw, message, signature)
		case alg == "ES384":
			x, errX := fromB64u(text(jwk, "x"), 48)
			y, errY := fromB64u(text(jwk, "y"), 48)
			if errX != nil || errY != nil {
				return malformed("no P-384 key")
			}
			key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P384(), append(append([]byte{4}, x...), y...))
			if err == nil {
				hash := sha512.Sum384(message)
				r, s := new(big.Int).SetBytes(signature[:48]), new(big.Int).SetBytes(signature[48:])
				good = ecdsa.Verify(key, hash[:], r, s)
			}
		}
	}
	if !good {
		return refuse("E_SIGNATURE", "the "+alg+" signature does not verify")
	}
	return nil
}

// signer is a private key with its public half and id.
type signer struct {
	alg, kid string
	jwk      object
	sign     func(message []byte) []byte
}

func newSigner(alg string, seed []byte) (signer, error) {
	made := signer{alg: alg}
	switch {
	case mldsa[alg] != nil:
		scheme := mldsa[alg]
		public, private := scheme.DeriveKey(seed)
		raw, err := public.MarshalBinary()
		if err != nil {
			return made, err
		}
		made.jwk = object{"kty": "AKP", "alg": alg, "pub": b64u(raw)}
		made.sign = func(message []byte) []byte { return scheme.Sign(private, message, &sign.SignatureOpts{}) }
	case alg == "Ed25519":
		private := ed25519.NewKeyFromSeed(seed)
		made.jwk = object{"kty": "OKP", "crv": "Ed25519", "x": b64u(private.Public().(ed25519.PublicKey))}
		made.sign = func(message []byte) []byte { return ed25519.Sign(private, message) }
	default:
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), seed)
		if err != nil {
			return made, refuse("E_KEY", "no P-384 scalar")
		}
		point, err := private.PublicKey.Bytes()
		if err != nil {
			return made, err
		}
		made.jwk = object{"kty": "EC", "crv": "P-384", "x": b64u(point[1:49]), "y": b64u(point[49:])}
		made.sign = func(message []byte) []byte {
			hash := sha512.Sum384(message)
			r, s, err := ecdsa.Sign(rand.Reader, private, hash[:])
			if err != nil {
				panic(err) // the system has no randomness
			}
			return append(r.FillBytes(make([]byte, 48)), s.FillBytes(make([]byte, 48))...)
		}
	}
	made.kid = thumbprint(made.jwk)
	return made, nil
}

// suite gives what HPKE needs for one sealing algorithm.
func suite(alg string) (hpke.KEM, hpke.KDF) {
	if alg == "MLKEM768-X25519" {
		return hpke.MLKEM768X25519(), hpke.HKDFSHA256()
	}
	return hpke.MLKEM1024P384(), hpke.HKDFSHA384()
}

// opener is a private sealing key.
type opener struct {
	kid string
	jwk object
	alg string
	key hpke.PrivateKey
}

// newOpener expands a seed of 32 bytes as the page says: the lattice's d and z, then the curve's scalar.
func newOpener(alg string, seed []byte) (opener, error) {
	key, public, err := expand(alg, seed)
	if err != nil {
		return opener{}, err
	}
	jwk := object{"kty": "AKP", "alg": alg, "pub": b64u(public)}
	return opener{thumbprint(jwk), jwk, alg, key}, nil
}

func expand(alg string, seed []byte) (hpke.PrivateKey, []byte, error) {
	if alg == "MLKEM768-X25519" {
		bytes := sha3.SumSHAKE256(seed, 96)
		lattice, err := mlkem.NewDecapsulationKey768(bytes[:64])
		if err != nil {
			return nil, nil, err
		}
		curve, err := ecdh.X25519().NewPrivateKey(bytes[64:])
		if err != nil {
			return nil, nil, err
		}
		key, err := hpke.NewHybridPrivateKey(lattice, curve)
		return key, append(lattice.EncapsulationKey().Bytes(), curve.PublicKey().Bytes()...), err
	}
	bytes := sha3.SumSHAKE256(seed, 160)
	lattice, err := mlkem.NewDecapsulationKey1024(bytes[:64])
	if err != nil {
		return nil, nil, err
	}
	curve, err := ecdh.P384().NewPrivateKey(bytes[64:112])
	if err != nil { // zero, or not below the order: once in 2^190 seeds
		if curve, err = ecdh.P384().NewPrivateKey(bytes[112:]); err != nil {
			return nil, nil, err
		}
	}
	key, err := hpke.NewHybridPrivateKey(lattice, curve)
	return key, append(lattice.EncapsulationKey().Bytes(), curve.PublicKey().Bytes()...), err
}

func (o opener) open(info, sealed []byte) ([]byte, error) {
	_, kdf := suite(o.alg)
	opened, err := hpke.Open(o.key, kdf, hpke.AES256GCM(), info, sealed)
	if err != nil {
		return nil, refuse("E_DECRYPT", "the slot does not open with this key")
	}
	return opened, nil
}

func sealTo(jwk object, info, plaintext []byte) ([]byte, error) {
	kem, kdf := suite(text(jwk, "alg"))
	raw, err := fromB64u(text(jwk, "pub"), -1)
	if err != nil {
		return nil, err
	}
	key, err := kem.NewPublicKey(raw)
	if err != nil {
		return nil, refuse("E_KEY", "the sealing key does not load")
	}
	return hpke.Seal(key, kdf, hpke.AES256GCM(), info, plaintext)
}

func aesGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the key is always 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}
