// COSE receipts of inclusion (RFC 9942) over the log's tree: one signature, ES384, over the root alone. No DOM.
import { concat, equal, fromB64u, hex, Refusal, sha256, text, utf8 } from './bytes.js';
import { MAX_PATH } from './tree.js';
import { W } from './words.js';

const MAX_RECEIPT = 8192;
const MAX_DEPTH = 8;
const ES384 = -35n;
const RFC9162_SHA256 = 1n;
const [UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE] = [0, 1, 2, 3, 4, 5, 6, 7];
const SIGN1 = 18n;
const refused = (detail, more = {}) => new Refusal('E_MALFORMED', detail, { place: W.cose.place, expected: W.cose.form, ...more });

/** Whether a file begins as a COSE_Sign1 does, under its tag. */
export const isCose = (data) => data[0] === 0xd2;

// --- deterministic CBOR (RFC 8949, 4.2.1): what does not encode to the same bytes again is refused ----------------

function head(major, argument) {
  const first = major << 5;
  if (argument < 24n) return Uint8Array.of(first | Number(argument));
  const size = [1, 2, 4, 8].find((bytes) => argument < 1n << BigInt(8 * bytes));
  const digits = argument.toString(16).padStart(2 * size, '0').match(/../g);
  return Uint8Array.of(first | (24 + Math.log2(size)), ...digits.map((pair) => Number.parseInt(pair, 16)));
}

export function encode(value) {
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === 'bigint') return value < 0n ? head(NEGATIVE, -1n - value) : head(UNSIGNED, value);
  if (value instanceof Uint8Array) return concat(head(BYTES, BigInt(value.length)), value);
  if (typeof value === 'string') return concat(head(TEXT, BigInt(utf8(value).length)), utf8(value));
  if (Array.isArray(value)) return concat(head(ARRAY, BigInt(value.length)), ...value.map(encode));
  if (value instanceof Map) {
    const members = [...value].map(([key, one]) => [encode(key), encode(one)]).sort(([a], [b]) => (hex(a) < hex(b) ? -1 : 1));
    return concat(head(MAP, BigInt(value.size)), ...members.flat());
  }
  return concat(head(TAG, value.tag), encode(value.value));
}

function decode(data) {
  let at = 0;
  const take = (count) => {
    if (count > BigInt(data.length - at)) throw refused(W.cose.short);
    at += Number(count);
    return data.slice(at - Number(count), at);
  };
  const item = (depth) => {
    if (depth > MAX_DEPTH) throw refused(W.cose.deep);
    const [first] = take(1n);
    const [major, small] = [first >> 5, first & 31];
    if (small > 27 || (major === SIMPLE && first !== 0xf6)) throw refused(W.cose.value);
    if (major === SIMPLE) return null;
    const argument = small < 24 ? BigInt(small) : BigInt(`0x${hex(take(BigInt(1 << (small - 24))))}`);
    if (major === UNSIGNED) return argument;
    if (major === NEGATIVE) return -1n - argument;
    if (major === BYTES) return take(argument);
    if (major === TEXT) return text(take(argument), W.cose.place);
    if (major === TAG) return { tag: argument, value: item(depth + 1) };
    if (argument > BigInt(data.length)) throw refused(W.cose.short);
    const items = Array.from({ length: Number(argument) * (major === MAP ? 2 : 1) }, () => item(depth + 1));
    return major === ARRAY ? items : new Map(items.flatMap((key, i) => (i % 2 === 0 ? [[key, items[i + 1]]] : [])));
  };
  const value = item(0);
  if (!equal(encode(value), data)) throw refused(W.cose.spelling, { fix: W.fix.bytes });
  return value;
}

// --- the receipt --------------------------------------------------------------------------------------------------

const has = (map, ...keys) => map instanceof Map && map.size === keys.length && keys.every((key) => map.has(key));
const isBytes = (value, size) => value instanceof Uint8Array && (size === undefined || value.length === size);

/** Returns { issuer, kid, size, index, path, protectedBytes, signature }, checked in form only. */
export function readCose(data) {
  if (data.length > MAX_RECEIPT) throw new Refusal('E_TOO_LARGE', W.receipt.large, { place: W.cose.place, expected: W.atMost(MAX_RECEIPT) });
  const message = decode(data);
  const parts = message?.tag === SIGN1 && Array.isArray(message.value) && message.value.length === 4 ? message.value : null;
  if (parts === null) throw refused(W.cose.sign1);
  const [protectedBytes, unprotectedHeader, payload, signature] = parts;
  if (payload !== null) throw refused(W.cose.attached);
  if (!isBytes(protectedBytes) || !isBytes(signature)) throw refused(W.cose.sign1);
  const header = decode(protectedBytes);
  const claims = has(header, 1n, 4n, 15n, 395n) ? header.get(15n) : null;
  if (!has(claims, 1n, 6n) || typeof claims.get(1n) !== 'string' || !isBytes(header.get(4n))) throw refused(W.cose.header);
  if (header.get(1n) !== ES384 || header.get(395n) !== RFC9162_SHA256) throw refused(W.cose.algorithm);
  const proofs = has(unprotectedHeader, 396n) ? unprotectedHeader.get(396n) : null;
  if (has(proofs, -2n)) throw refused(W.cose.consistency);
  const listed = has(proofs, -1n) ? proofs.get(-1n) : null;
  if (!Array.isArray(listed) || listed.length !== 1 || !isBytes(listed[0])) throw refused(W.cose.proofs);
  const proof = decode(listed[0]);
  const [size, index, path] = Array.isArray(proof) && proof.length === 3 ? proof : [];
  const isPlace = [size, index].every((value) => typeof value === 'bigint' && value >= 0n);
  const isPath = Array.isArray(path) && path.length >= 1 && path.length <= MAX_PATH && path.every((hash) => isBytes(hash, 32));
  if (!isPlace || !isPath) throw refused(W.cose.proofs);
  return { issuer: claims.get(1n), kid: header.get(4n), size, index, path, protectedBytes, signature };
}

/** Returns { jwk, kid } of the log's key of receipts; the id is the thumbprint of its COSE_Key (RFC 9679). */
export async function readReceiptKey(jwk, place) {
  if (jwk?.kty !== 'EC' || jwk.crv !== 'P-384') throw new Refusal('E_KEY', W.cose.otherKey, { place, expected: 'P-384', received: jwk?.crv ?? W.none });
  const [x, y] = ['x', 'y'].map((name) => fromB64u(jwk[name], { size: 48, place: `${place}/${name}` }));
  const kid = await sha256(encode(new Map([[1n, 2n], [-1n, 2n], [-2n, x], [-3n, y]])));
  return { jwk: { kty: 'EC', crv: 'P-384', x: jwk.x, y: jwk.y }, kid };
}

/** Check that the key signed the root that entry and path lead to. */
export async function verifyRoot(receipt, root, key) {
  const usage = { name: 'ECDSA', namedCurve: 'P-384' };
  const imported = await crypto.subtle.importKey('jwk', key.jwk, usage, false, ['verify']);
  const signed = encode(['Signature1', receipt.protectedBytes, new Uint8Array(0), root]);
  if (!(await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-384' }, imported, receipt.signature, signed))) {
    throw new Refusal('E_SIGNATURE', W.cose.signature, { place: W.cose.place, expected: W.cose.over, fix: W.fix.again });
  }
}
