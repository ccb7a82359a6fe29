// Keys: JWK, thumbprint, signatures (S1, S2), and sealing to a hybrid key (K1, K2) with HPKE Base.
import {
  createCipheriv, createDecipheriv, createECDH, createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman,
  generateKeyPairSync, sign as nodeSign, verify as nodeVerify,
} from 'node:crypto';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem1024, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { ascii, b64u, canonical, fromB64u, Refusal, sha256 } from './encoding.mjs';

const ML_DSA = { 'ML-DSA-44': ml_dsa44, 'ML-DSA-65': ml_dsa65, 'ML-DSA-87': ml_dsa87 };
export const SIGNATURE_SIZE = { Ed25519: 64, ES384: 96, 'ML-DSA-44': 2420, 'ML-DSA-65': 3309, 'ML-DSA-87': 4627 };
export const PROFILES = [['Ed25519', 'ML-DSA-65'], ['ES384', 'ML-DSA-87']];

export const thumbprint = (jwk) => b64u(sha256(ascii(canonical(jwk))));
export const algorithmOf = (jwk) => ({ OKP: 'Ed25519', EC: 'ES384' })[jwk.kty] ?? jwk.alg;

export function verify(jwk, message, signature) {
  const alg = algorithmOf(jwk);
  let good = signature.length === SIGNATURE_SIZE[alg];
  if (good && alg in ML_DSA) good = ML_DSA[alg].verify(signature, message, fromB64u(jwk.pub));
  else if (good) {
    const key = { key: createPublicKey({ key: { ...jwk }, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
    good = nodeVerify(alg === 'ES384' ? 'sha384' : null, message, key, signature);
  }
  if (!good) throw new Refusal('E_SIGNATURE', `the ${alg} signature does not verify`);
}

/** Returns { alg, kid, jwk, sign } of a seed: 32 bytes, for ES384 a scalar of 48. */
export function signerOf(alg, seed) {
  if (alg in ML_DSA) {
    const { publicKey, secretKey } = ML_DSA[alg].keygen(seed);
    const jwk = { kty: 'AKP', alg, pub: b64u(publicKey) };
    return { alg, jwk, kid: thumbprint(jwk), sign: (message) => Buffer.from(ML_DSA[alg].sign(message, secretKey)) };
  }
  const key = alg === 'ES384' ? p384Private(seed) : privateKey('302e020100300506032b657004220420', seed);
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  const jwk = alg === 'ES384' ? { kty, crv, x, y } : { kty, crv, x };
  const hash = alg === 'ES384' ? 'sha384' : null;
  const sign = (message) => nodeSign(hash, message, { key, dsaEncoding: 'ieee-p1363' });
  return { alg, jwk, kid: thumbprint(jwk), sign };
}

const privateKey = (prefix, raw) =>
  createPrivateKey({ key: Buffer.concat([Buffer.from(prefix, 'hex'), raw]), format: 'der', type: 'pkcs8' });
const publicKey = (prefix, raw) =>
  createPublicKey({ key: Buffer.concat([Buffer.from(prefix, 'hex'), raw]), format: 'der', type: 'spki' });

function p384Private(scalar) {
  const ecdh = createECDH('secp384r1');
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const [x, y] = [point.subarray(1, 49), point.subarray(49)].map(b64u);
  return createPrivateKey({ key: { kty: 'EC', crv: 'P-384', x, y, d: b64u(scalar) }, format: 'jwk' });
}

// --- the two hybrid KEMs: a lattice half and a curve half, joined by SHA3-256 -----------------------------------

const X25519_PKCS8 = '302e020100300506032b656e04220420';
const X25519_SPKI = '302a300506032b656e032100';

const x25519 = {
  publicSize: 32,
  fresh: () => generateKeyPairSync('x25519').privateKey,
  ofScalar: (scalar) => privateKey(X25519_PKCS8, scalar),
  publicOf: (key) => createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32),
  shared: (key, point) => diffieHellman({ privateKey: key, publicKey: publicKey(X25519_SPKI, point) }),
};
const p384 = {
  publicSize: 97,
  fresh: () => p384.ofScalar(createECDH('secp384r1')),
  ofScalar: (source) => {
    if (!Buffer.isBuffer(source)) {
      source.generateKeys();
      return source;
    }
    const key = createECDH('secp384r1');
    key.setPrivateKey(source);
    return key;
  },
  publicOf: (key) => key.getPublicKey(),
  shared: (key, point) => key.computeSecret(point),
};
const P384_ORDER = BigInt('0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973');

export const KEMS = {
  'MLKEM768-X25519': {
    id: 0x647a, kdf: { id: 1, hash: 'sha256', size: 32 }, lattice: ml_kem768, latticePublic: 1184, latticeCipher: 1088,
    curve: x25519, label: '\\.//^\\', scalarOf: (expanded) => expanded.subarray(64, 96), expandedSize: 96,
  },
  'MLKEM1024-P384': {
    id: 0x0051, kdf: { id: 2, hash: 'sha384', size: 48 }, lattice: ml_kem1024, latticePublic: 1568, latticeCipher: 1568,
    curve: p384, label: 'MLKEM1024-P384', expandedSize: 160,
    scalarOf: (expanded) => {
      const first = expanded.subarray(64, 112);
      const number = BigInt(`0x${first.toString('hex')}`);
      return number > 0n && number < P384_ORDER ? first : expanded.subarray(112, 160);
    },
  },
};

function combine(kem, latticeShared, curveShared, curveCipher, curvePublic) {
  const hash = createHash('sha3-256');
  for (const part of [latticeShared, curveShared, curveCipher, curvePublic, ascii(kem.label)]) hash.update(part);
  return hash.digest();
}

export function openerOf(alg, seed) {
  const kem = KEMS[alg];
  const expanded = createHash('shake256', { outputLength: kem.expandedSize }).update(seed).digest();
  const lattice = kem.lattice.keygen(expanded.subarray(0, 64));
  const curve = kem.curve.ofScalar(Buffer.from(kem.scalarOf(expanded)));
  const curvePublic = kem.curve.publicOf(curve);
  const jwk = { kty: 'AKP', alg, pub: b64u(Buffer.concat([lattice.publicKey, curvePublic])) };
  const open = (info, sealed) => {
    const size = kem.latticeCipher + kem.curve.publicSize;
    if (sealed.length !== size + 48) throw new Refusal('E_DECRYPT', 'the slot does not open with this key');
    try {
      const latticeShared = kem.lattice.decapsulate(sealed.subarray(0, kem.latticeCipher), lattice.secretKey);
      const point = sealed.subarray(kem.latticeCipher, size);
      const shared = combine(kem, latticeShared, kem.curve.shared(curve, point), point, curvePublic);
      return aeadOpen(...schedule(kem, shared, info), sealed.subarray(size));
    } catch {
      throw new Refusal('E_DECRYPT', 'the slot does not open with this key');
    }
  };
  return { alg, jwk, kid: thumbprint(jwk), open };
}

export function sealTo(jwk, info, plaintext) {
  const kem = KEMS[jwk.alg];
  const raw = fromB64u(jwk.pub, kem.latticePublic + kem.curve.publicSize);
  const { cipherText, sharedSecret } = kem.lattice.encapsulate(raw.subarray(0, kem.latticePublic));
  const curve = kem.curve.fresh();
  const point = kem.curve.publicOf(curve);
  const curvePublic = raw.subarray(kem.latticePublic);
  const shared = combine(kem, sharedSecret, kem.curve.shared(curve, curvePublic), point, curvePublic);
  return Buffer.concat([cipherText, point, aeadSeal(...schedule(kem, shared, info), plaintext)]);
}

// --- HPKE Base, RFC 9180 section 5.1: from the shared secret to key and nonce -----------------------------------

const u16 = (number) => Buffer.from([number >> 8, number & 255]);

export function hkdfExpand(hash, prk, info, size) {
  let [block, out] = [Buffer.alloc(0), Buffer.alloc(0)];
  for (let i = 1; out.length < size; i += 1) {
    block = createHmac(hash, prk).update(block).update(info).update(Buffer.from([i])).digest();
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, size);
}

function schedule(kem, shared, info) {
  const { hash, size, id } = kem.kdf;
  const suite = Buffer.concat([ascii('HPKE'), u16(kem.id), u16(id), u16(2)]);
  const labelled = (label, data) => Buffer.concat([ascii('HPKE-v1'), suite, ascii(label), data]);
  const extract = (salt, label, data) => createHmac(hash, salt).update(labelled(label, data)).digest();
  const expand = (prk, label, data, length) =>
    hkdfExpand(hash, prk, Buffer.concat([u16(length), labelled(label, data)]), length);
  const none = Buffer.alloc(0);
  const context = Buffer.concat([
    Buffer.from([0]), extract(Buffer.alloc(size), 'psk_id_hash', none), extract(Buffer.alloc(size), 'info_hash', info),
  ]);
  const secret = extract(shared, 'secret', none);
  return [expand(secret, 'key', context, 32), expand(secret, 'base_nonce', context, 12)];
}

export function aeadSeal(key, nonce, plaintext) {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

export function aeadOpen(key, nonce, sealed) {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}
