#!/usr/bin/env node
// Verifies COSE receipts (RFC 9942) with nothing but Node.js: node cose.mjs KEY.json CASES.json
// KEY.json is the JWK of `receipt_key` in /.well-known/sextant-log. Each case has `receipt`, and `entry` (the leaf's
// bytes) or `root` (the older root, for a receipt of consistency), in hex. Prints one line for each case.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const hash = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const leafHash = (entry) => hash(Buffer.of(0), entry);
const nodeHash = (left, right) => hash(Buffer.of(1), left, right);

// --- CBOR (RFC 8949), what a receipt needs of it -------------------------------------------------------------

function decode(data) {
  let at = 0;
  const take = (size) => {
    if (at + size > data.length) throw new Error('truncated');
    return data.subarray(at, (at += size));
  };
  const value = () => {
    const first = take(1)[0];
    const major = first >> 5;
    let argument = first & 31;
    if (argument > 27) throw new Error('indefinite length');
    if (argument >= 24) {
      const bytes = take(1 << (argument - 24));
      argument = Number(BigInt(`0x${bytes.toString('hex')}`));
      if (!Number.isSafeInteger(argument)) throw new Error('too large a number');
    }
    if (major === 0) return argument;
    if (major === 1) return -1 - argument;
    if (major === 2) return take(argument);
    if (major === 3) return take(argument).toString('utf8');
    if (major === 4) return Array.from({ length: Math.min(argument, data.length) }, value);
    if (major === 5) return new Map(Array.from({ length: Math.min(argument, data.length) }, () => [value(), value()]));
    if (major === 6) return { tag: argument, value: value() };
    if (argument === 22) return null;
    throw new Error('unexpected simple value');
  };
  const found = value();
  if (at !== data.length) throw new Error('trailing bytes');
  return found;
}

function byteString(data) {
  if (data.length < 24) return Buffer.concat([Buffer.of(0x40 | data.length), data]);
  if (data.length < 256) return Buffer.concat([Buffer.of(0x58, data.length), data]);
  return Buffer.concat([Buffer.of(0x59, data.length >> 8, data.length & 255), data]);
}

// --- RFC 9162 §2.1, by its recursive definition --------------------------------------------------------------

const split = (size) => {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
};

// PATH(m, D[n]): the last hash of the path belongs to the topmost split.
function rootOfInclusion(leaf, index, size, path) {
  if (!(index < size)) throw new Error('index outside the tree');
  if (size === 1) {
    if (path.length) throw new Error('path too long');
    return leaf;
  }
  if (!path.length) throw new Error('path too short');
  const k = split(size);
  const sibling = path[path.length - 1];
  const rest = path.slice(0, -1);
  return index < k
    ? nodeHash(rootOfInclusion(leaf, index, k, rest), sibling)
    : nodeHash(sibling, rootOfInclusion(leaf, index - k, size - k, rest));
}

// SUBPROOF(m, D[n], b): returns the older and the newer root.
function rootsOfConsistency(older, m, n, path, whole = true) {
  if (m === n) {
    if (whole) return path.length ? fail('path too long') : [older, older];
    return path.length === 1 ? [path[0], path[0]] : fail('path of another length');
  }
  if (!(m > 0 && m < n) || !path.length) throw new Error('no such proof');
  const k = split(n);
  const sibling = path[path.length - 1];
  const rest = path.slice(0, -1);
  if (m <= k) {
    const [first, second] = rootsOfConsistency(older, m, k, rest, whole);
    return [first, nodeHash(second, sibling)];
  }
  const [first, second] = rootsOfConsistency(older, m - k, n - k, rest, false);
  return [nodeHash(sibling, first), nodeHash(sibling, second)];
}

function fail(why) {
  throw new Error(why);
}

// --- the receipt ---------------------------------------------------------------------------------------------

function check(receipt, key, { entry, root }) {
  const message = decode(receipt);
  if (message?.tag !== 18) throw new Error('not a tagged COSE_Sign1');
  const [protectedBytes, unprotectedHeader, payload, signature] = message.value;
  const header = decode(protectedBytes);
  if (header.get(1) !== -35 || header.get(395) !== 1) throw new Error('not ES384 over RFC9162_SHA256');
  if (payload !== null) throw new Error('payload not detached');
  const proofs = unprotectedHeader.get(396);
  let signed;
  let said;
  if (entry !== undefined) {
    const [size, index, path] = decode(proofs.get(-1)[0]);
    signed = rootOfInclusion(leafHash(Buffer.from(entry, 'hex')), index, size, path);
    said = `entry ${index} of ${size}`;
  } else {
    const [first, second, path] = decode(proofs.get(-2)[0]);
    const older = Buffer.from(root, 'hex');
    const [computed, newer] = rootsOfConsistency(older, first, second, path);
    if (!computed.equals(older)) throw new Error('another older root');
    signed = newer;
    said = `size ${second} continues ${first}`;
  }
  const structure = Buffer.concat([
    Buffer.of(0x84, 0x6a), Buffer.from('Signature1'), byteString(protectedBytes), byteString(Buffer.alloc(0)),
    byteString(signed),
  ]);
  if (!verify('sha384', structure, { key, dsaEncoding: 'ieee-p1363' }, signature)) throw new Error('signature');
  return `${said}, ${header.get(15).get(1)}`;
}

const [keyFile, casesFile] = process.argv.slice(2);
const key = createPublicKey({ key: JSON.parse(readFileSync(keyFile, 'utf8')), format: 'jwk' });
for (const given of JSON.parse(readFileSync(casesFile, 'utf8'))) {
  try {
    console.log(`ok ${check(Buffer.from(given.receipt, 'hex'), key, given)}`);
  } catch (error) {
    console.log(`refused ${error.message}`);
  }
}
