// The container: parse, verify, open, seal. The order of checks is that of the page.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ascii, b64u, canonical, expectMembers, fromB64u, parseJson, Refusal, sha256 } from './encoding.mjs';
import { aeadOpen, aeadSeal, hkdfExpand, PROFILES, sealTo, SIGNATURE_SIZE, verify } from './keys.mjs';

const MAX_MANIFEST = 65536;
const MAX_CONTENT = 104857600;
const CHUNK = 16384;
const KID = /^[A-Za-z0-9_-]{43}$/;
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const malformed = (detail) => new Refusal('E_MALFORMED', detail);

// --- JWS -----------------------------------------------------------------------------------------------------

/** Returns { payload, signatures: [{ alg, kid, input, signature }] }; nothing is verified yet. */
export function parseJws(data, typ, maxBytes) {
  const outer = expectMembers(parseJson(data, maxBytes), ['payload', 'signatures']);
  if (typeof outer.payload !== 'string' || !Array.isArray(outer.signatures)) throw malformed('no JWS');
  const signatures = outer.signatures.map((item) => {
    expectMembers(item, ['protected', 'signature']);
    const header = expectMembers(parseJson(fromB64u(item.protected), 256), ['alg', 'kid', 'typ']);
    if (header.typ !== typ || !KID.test(header.kid)) throw malformed(`typ is ${typ}`);
    if (!(header.alg in SIGNATURE_SIZE)) throw new Refusal('E_KEY', 'an algorithm outside the registry');
    const signature = fromB64u(item.signature, SIGNATURE_SIZE[header.alg]);
    return { alg: header.alg, kid: header.kid, input: ascii(`${item.protected}.${outer.payload}`), signature };
  });
  return { payload: fromB64u(outer.payload), signatures };
}

export function signJws(payload, typ, signers) {
  const encoded = b64u(payload);
  const signatures = signers.map(({ alg, kid, sign }) => {
    const header = b64u(ascii(canonical({ alg, kid, typ })));
    return { protected: header, signature: b64u(sign(ascii(`${header}.${encoded}`))) };
  });
  return ascii(canonical({ payload: encoded, signatures }));
}

// --- the manifest --------------------------------------------------------------------------------------------

const HEADER = {
  v: (x) => x === 1,
  id: (x) => UUID7.test(x),
  from: (x) => isParty(x),
  skid: (x) => Array.isArray(x) && x.length === 2 && x.every((kid) => KID.test(kid)),
  to: (x) => isRecipients(x),
  type: (x) => /^[a-z][a-z0-9.-]{0,63}$/.test(x),
  enc: (x) => x === 'C1',
  class: (x) => ['C0', 'C1', 'C2', 'C3'].includes(x),
  cty: (x) => /^[a-z0-9.+/-]{3,127}$/.test(x),
  created: (x) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(x),
};
const OPTIONAL = {
  period: (x) => /^\d{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?$/.test(x),
  irt: (x) => UUID7.test(x),
  sup: (x) => UUID7.test(x),
  log: (x) => Number.isInteger(expectMembers(x, ['size', 'root']).size) && x.size >= 1 && KID.test(x.root),
};
const isParty = (x) => typeof x === 'string' && /^[A-Z][A-Z0-9-]{1,31}$/.test(x);

function isRecipients(list) {
  if (!Array.isArray(list) || list.length < 1 || list.length > 16) return false;
  list.forEach((one) => expectMembers(one, ['party', 'kid']));
  const parties = new Set(list.map((one) => one.party));
  return list.every((one) => isParty(one.party) && KID.test(one.kid)) && parties.size === list.length;
}

export function parseContainer(data) {
  if (data.length < 8 || data.subarray(0, 3).toString('latin1') !== 'DXE') throw malformed('no DXE container');
  if (data[3] !== 0x31) throw new Refusal('E_VERSION', 'unknown container version');
  const size = data.readUInt32BE(4);
  if (size > MAX_MANIFEST) throw new Refusal('E_TOO_LARGE', 'the manifest is too long');
  const raw = data.subarray(8, 8 + size);
  if (raw.length !== size) throw malformed('the container ends inside its manifest');
  return { ...parseManifest(raw), body: data.subarray(8 + size) };
}

export function parseManifest(raw) {
  const jws = parseJws(raw, 'dxe-manifest+json', MAX_MANIFEST);
  const payload = expectMembers(parseJson(jws.payload, MAX_MANIFEST), ['hdr', 'slots', 'pc', 'len', 'sha256']);
  if (!Number.isInteger(payload.len) || payload.len < 72 || payload.len > 117440512) throw malformed('len');
  if (!Array.isArray(payload.slots) || payload.slots.length < 1 || payload.slots.length > 16) throw malformed('slots');
  payload.slots.forEach((slot) => expectMembers(slot, ['kid', 'ct']));
  const headerBytes = fromB64u(payload.hdr);
  const header = parseJson(headerBytes, 4096);
  for (const [name, known] of [['v', 1], ['enc', 'C1']]) {
    if (typeof header[name] === typeof known && header[name] !== known) throw new Refusal('E_VERSION', `unknown ${name}`);
  }
  expectMembers(header, Object.keys(HEADER), Object.keys(OPTIONAL));
  for (const [name, value] of Object.entries(header)) {
    if (!(HEADER[name] ?? OPTIONAL[name])(value)) throw malformed(`header member ${name}`);
  }
  const kids = jws.signatures.map((one) => one.kid);
  if (kids.length !== 2 || kids.join() !== header.skid.join()) throw malformed('not exactly the keys the header names');
  if (payload.slots.map((s) => s.kid).join() !== header.to.map((to) => to.kid).join()) throw malformed('slots and recipients');
  return {
    digest: sha256(raw), header, hh: sha256(headerBytes), slots: payload.slots, pc: fromB64u(payload.pc, 32),
    len: payload.len, sha256: fromB64u(payload.sha256, 32), signatures: jws.signatures,
  };
}

/** Both signatures, by the sender's registered pair; `pair` is two JWKs in profile order with their kids. */
export function verifyManifest(manifest, pair) {
  manifest.signatures.forEach((one, i) => {
    if (one.kid !== pair[i].kid || one.alg !== pair[i].alg) throw new Refusal('E_KEY', 'not by the registered key');
    verify(pair[i].jwk, one.input, one.signature);
  });
}

// --- the body ------------------------------------------------------------------------------------------------

export function padme(length) {
  const size = Math.max(length, 4096);
  const exponent = Math.floor(Math.log2(size));
  const step = 2 ** (exponent - (Math.floor(Math.log2(exponent)) + 1));
  return Math.ceil(size / step) * step;
}

function bodyKeys(cek, salt, hh) {
  const label = ascii('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0');
  const info = Buffer.concat([label, salt, ascii('dxe/1 body\0'), hh]);
  const out = hkdfExpand('sha512', cek, info, 76);
  return { key: out.subarray(0, 32), nonce: out.subarray(32, 44), commitment: out.subarray(44) };
}

function chunkNonce(nonce, index) {
  const out = Buffer.from(nonce);
  out.writeUInt32BE((out.readUInt32BE(8) ^ index) >>> 0, 8); // far fewer than 2^32 chunks
  return out;
}

export const commitmentKey = (cek, hh) =>
  hkdfExpand('sha512', cek, Buffer.concat([ascii('dxe/1 plaintext-commitment\0'), hh]), 32);

const slotInfo = (hh, kid) => Buffer.concat([ascii('dxe/1 slot\0'), hh, fromB64u(kid, 32)]);

/** Opens as `party`; returns { content, kpc, cek }. Use nothing of it when it throws. */
export function open(manifest, body, opener, party) {
  const place = manifest.header.to.findIndex((to) => to.party === party && to.kid === opener.kid);
  if (place < 0) throw new Refusal('E_NOT_RECIPIENT', 'no slot for this party and key');
  const cek = opener.open(slotInfo(manifest.hh, opener.kid), fromB64u(manifest.slots[place].ct));
  const { key, nonce, commitment } = bodyKeys(cek, body.subarray(0, 24), manifest.hh);
  if (!same(body.subarray(24, 56), commitment)) throw new Refusal('E_KEY_COMMITMENT', 'the body opens under another key');
  if (body.length !== manifest.len) throw new Refusal('E_LENGTH', 'the body is not as long as signed');
  if (!same(sha256(body), manifest.sha256)) throw new Refusal('E_DIGEST', 'the body is not the one that was signed');
  const inner = openChunks(key, nonce, body.subarray(56));
  const size = inner.length < 8 ? -1 : Number(inner.readBigUInt64BE(0));
  if (size < 0 || size > MAX_CONTENT || inner.length !== padme(8 + size)) throw new Refusal('E_PADDING', 'the length does not fit');
  if (inner.subarray(8 + size).some((byte) => byte !== 0)) throw new Refusal('E_PADDING', 'the padding is not zero');
  const content = inner.subarray(8, 8 + size);
  const kpc = commitmentKey(cek, manifest.hh);
  const pc = createHmac('sha256', kpc).update(content).digest();
  if (!same(pc, manifest.pc)) throw new Refusal('E_PLAINTEXT_COMMITMENT', 'the content is not the one committed to');
  return { content, kpc, cek };
}

const same = (a, b) => a.length === b.length && timingSafeEqual(a, b);

function openChunks(key, nonce, sealed) {
  const parts = [];
  for (let index = 0; ; index += 1) {
    const chunk = sealed.subarray(index * (CHUNK + 16), (index + 1) * (CHUNK + 16));
    try {
      parts.push(aeadOpen(key, chunkNonce(nonce, index), chunk));
    } catch {
      throw new Refusal('E_BODY', 'a chunk does not open');
    }
    if (chunk.length < CHUNK + 16) return Buffer.concat(parts); // the last one is always shorter
  }
}

function sealBody(cek, hh, content) {
  const salt = randomBytes(24);
  const { key, nonce, commitment } = bodyKeys(cek, salt, hh);
  const inner = Buffer.alloc(padme(8 + content.length));
  inner.writeBigUInt64BE(BigInt(content.length));
  content.copy(inner, 8);
  const parts = [salt, commitment];
  for (let index = 0; index * CHUNK <= inner.length; index += 1) {
    parts.push(aeadSeal(key, chunkNonce(nonce, index), inner.subarray(index * CHUNK, (index + 1) * CHUNK)));
  }
  return Buffer.concat(parts);
}

/** Returns the container; `recipients` is [{ party, jwk, kid }], `fields` the header without v, enc, skid, to. */
export function seal(content, fields, recipients, signers) {
  const pair = signers.map((signer) => signer.alg).join();
  if (!PROFILES.some((profile) => profile.join() === pair)) throw new Refusal('E_KEY', 'the keys make no signing pair');
  const header = ascii(canonical({
    ...fields, v: 1, enc: 'C1', skid: signers.map((s) => s.kid), to: recipients.map(({ party, kid }) => ({ party, kid })),
  }));
  const hh = sha256(header);
  const cek = randomBytes(32);
  const body = sealBody(cek, hh, content);
  const payload = canonical({
    hdr: b64u(header),
    slots: recipients.map(({ jwk, kid }) => ({ kid, ct: b64u(sealTo(jwk, slotInfo(hh, kid), cek)) })),
    pc: b64u(createHmac('sha256', commitmentKey(cek, hh)).update(content).digest()),
    len: body.length,
    sha256: b64u(sha256(body)),
  });
  const raw = signJws(ascii(payload), 'dxe-manifest+json', signers);
  const prefix = Buffer.from('DXE1\0\0\0\0', 'latin1');
  prefix.writeUInt32BE(raw.length, 4);
  parseManifest(raw); // what we send, we would accept
  return Buffer.concat([prefix, raw, body]);
}
