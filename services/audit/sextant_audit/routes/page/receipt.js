// What a visitor may bring: a custody or refusal receipt, a tlog-proof, a COSE receipt, or a bundle that holds a receipt.
import { b64u, canonical, expectShape, fromB64, fromB64u, hex, parseJson, Refusal, sha256, text } from './bytes.js';
import { isCose, readCose } from './cose.js';
import { MAX_PATH } from './tree.js';
import { W } from './words.js';

const HEADER = 'c2sp.org/tlog-proof@v1';
const MAX_RECEIPT = 65_536;
const MAX_PROOF = 589_824;
const MAX_ENTRY = 4096;
const MAX_MANIFEST = 65_536;
export const MAX_ENVELOPE_HEAD = 8 + MAX_MANIFEST;
const WORDS = new TextDecoder('latin1');
const starts = (data, magic) => WORDS.decode(data.subarray(0, magic.length)) === magic;

const one = (...allowed) => [(value) => allowed.includes(value), allowed.join(W.or)];
const matches = (pattern, expected) => [(value) => typeof value === 'string' && pattern.test(value), expected];
const index = [(value) => Number.isSafeInteger(value) && value >= 0, W.shape.index];
const random = matches(/^[A-Za-z0-9_-]{21}[AQgw]$/, W.shape.random);
const digest = matches(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, W.shape.digest);
const instant = matches(
  /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$/, W.shape.instant,
);
const uuid = matches(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, W.shape.uuid);
const anything = [(value) => typeof value === 'string', W.shape.text];
const RECEIPTS = {
  custody: { v: one(1), kind: one('custody'), level: one('logged', 'witnessed'), entry: anything, proof: anything },
  refusal: { v: one(1), kind: one('refusal'), entry: anything, proof: anything },
};
const ABOUT = { v: one(1), id: random, t: instant, nonce: random, env: uuid, man: digest, reg: index };
const ENTRIES = {
  'envelope.accepted': { ...ABOUT, type: one('envelope.accepted') },
  'envelope.refused': { ...ABOUT, type: one('envelope.refused'), code: matches(/^E_[A-Z_]{1,30}$/, 'E_…') },
};
const ENTRY_OF = { custody: 'envelope.accepted', refusal: 'envelope.refused' };

/**
 * Returns { kind, level, entry, proof, envelope } in form only: entry is bytes or null, proof text, envelope the first
 * bytes of a container or null; of a COSE receipt all is in `cose`. `pasted` text may have lost or gained a line's end.
 */
export async function readReceipt(data, { pasted = false } = {}) {
  if (starts(data, 'PK\u0003\u0004')) return readBundle(data);
  if (isCose(data)) return { kind: 'cose', level: null, entry: null, proof: null, envelope: null, cose: readCose(data) };
  if (starts(data, 'DXE1')) throw new Refusal('E_MALFORMED', W.receipt.isEnvelope, { expected: W.receipt.forms, received: 'DXE1', fix: W.fix.envelope });
  if (data.length > MAX_PROOF) {
    throw new Refusal('E_TOO_LARGE', W.receipt.large, { expected: W.atMost(MAX_PROOF), received: W.bytes(data.length) });
  }
  let source = text(data, W.receipt.place);
  if (pasted) source = source.replaceAll('\r\n', '\n').trimEnd();
  if (source.startsWith(HEADER)) {
    return { kind: 'proof', level: null, entry: null, proof: pasted ? `${source}\n` : source, envelope: null };
  }
  if (!source.trimStart().startsWith('{')) {
    const received = source === '' ? W.receipt.nothing : JSON.stringify(source.slice(0, 40));
    throw new Refusal('E_MALFORMED', W.receipt.unknown, { place: W.position(1, 1), expected: W.receipt.forms, received, fix: W.fix.receipt });
  }
  return ofJson(source);
}

function ofJson(source) {
  const place = W.receipt.place;
  if (source.length > MAX_RECEIPT) throw new Refusal('E_TOO_LARGE', W.receipt.large, { place, expected: W.atMost(MAX_RECEIPT) });
  const members = parseJson(source, place);
  const shape = Object.hasOwn(RECEIPTS, members.kind) ? RECEIPTS[members.kind] : null;
  if (shape === null) {
    const received = members.kind ?? W.membersSeen(Object.keys(members));
    throw new Refusal('E_MALFORMED', W.receipt.kind, { place: `${place}/kind`, expected: 'custody, refusal', received, fix: W.fix.receipt });
  }
  expectShape(members, shape, place);
  if (canonical(members) !== source) {
    throw new Refusal('E_MALFORMED', W.receipt.spelling, { place, expected: W.receipt.canonical, fix: W.fix.bytes });
  }
  const entry = fromB64u(members.entry, { place: `${place}/entry` });
  return { kind: members.kind, level: members.level ?? null, entry, proof: members.proof, envelope: null };
}

/** Returns { index, path, checkpoint, extra } of a tlog-proof; nothing is verified. */
export function parseProof(source) {
  const place = W.proof.place;
  const refused = (detail, more) => new Refusal('E_MALFORMED', detail, { place, ...more });
  if (source.length > MAX_PROOF) throw new Refusal('E_TOO_LARGE', W.receipt.large, { place, expected: W.atMost(MAX_PROOF) });
  const cut = source.indexOf('\n\n');
  const [header, ...lines] = source.slice(0, Math.max(cut, 0)).split('\n');
  if (header !== HEADER) throw refused(W.proof.header, { place: `${place}, ${W.line(1)}`, expected: HEADER, received: header });
  const extra = lines[0]?.startsWith('extra ') ? fromB64(lines.shift().slice(6), { place }) : null;
  const found = /^index (0|[1-9][0-9]{0,18})$/.exec(lines[0] ?? '');
  if (found === null) {
    throw refused(W.proof.index, { place: `${place}, ${W.line(extra ? 3 : 2)}`, expected: W.proof.indexForm, received: lines[0] ?? '' });
  }
  if (lines.length - 1 > MAX_PATH) throw refused(W.proof.long, { expected: W.hashes(MAX_PATH), received: W.hashes(lines.length - 1) });
  const first = extra ? 4 : 3;
  const path = lines.slice(1).map((line, i) => fromB64(line, { size: 32, place: `${place}, ${W.line(first + i)}` }));
  return { index: BigInt(found[1]), path, checkpoint: source.slice(cut + 2), extra };
}

/** Read the entry of a receipt; of the types no receipt bears, the type and time alone. */
export function readEntry(data, kind) {
  const place = W.entry.place;
  if (data.length > MAX_ENTRY) throw new Refusal('E_TOO_LARGE', W.entry.large, { place, expected: W.atMost(MAX_ENTRY), received: W.bytes(data.length) });
  const source = text(data, place);
  const members = parseJson(source, place);
  const expected = ENTRY_OF[kind];
  if (expected !== undefined && members.type !== expected) {
    throw new Refusal('E_INTEGRITY', W.entry.otherType, { place: `${place}/type`, expected, received: members.type ?? W.none });
  }
  if (Object.hasOwn(ENTRIES, members.type)) expectShape(members, ENTRIES[members.type], place);
  if (canonical(members) !== source) {
    throw new Refusal('E_MALFORMED', W.entry.spelling, { place, expected: W.receipt.canonical, fix: W.fix.bytes });
  }
  return members;
}

/** SHA-256 of the manifest of a container, of which the first bytes are enough. */
export async function manifestDigest(data) {
  const place = W.envelope.place;
  if (!starts(data, 'DXE1')) {
    throw new Refusal('E_MALFORMED', W.envelope.none, { place, expected: 'DXE1', received: JSON.stringify(WORDS.decode(data.subarray(0, 4))), fix: W.fix.envelope });
  }
  const size = data.length < 8 ? 0 : new DataView(data.buffer, data.byteOffset).getUint32(4);
  if (size < 1 || size > MAX_MANIFEST || data.length < 8 + size) {
    throw new Refusal('E_MALFORMED', W.envelope.cut, { place, expected: W.bytes(8 + size), received: W.bytes(data.length) });
  }
  return b64u(await sha256(data.subarray(8, 8 + size)));
}

// --- bundles: a zip of stored members with an index; only receipt and container are looked at ---------------------

const END = 'PK\u0005\u0006';
const MAX_MEMBERS = 64;

async function readBundle(data) {
  const members = listed(data);
  const index = parseJson(text(member(data, members, 'index.json'), 'index.json'), 'index.json');
  const names = index.envelope;
  if (index.kind !== 'sextant-bundle' || typeof names?.custody !== 'string' || typeof names?.container !== 'string') {
    throw new Refusal('E_MALFORMED', W.bundle.other, { place: 'index.json', expected: 'sextant-bundle', received: index.kind ?? W.none });
  }
  const [custody, envelope] = [names.custody, names.container].map((name) => [name, member(data, members, name)]);
  for (const [name, content] of [custody, envelope]) {
    const found = hex(await sha256(content));
    const expected = index.members?.[name];
    if (found !== expected) throw new Refusal('E_DIGEST', W.bundle.digest, { place: name, expected, received: found, fix: W.fix.again });
  }
  const receipt = ofJson(text(custody[1], custody[0]));
  return { ...receipt, envelope: envelope[1].subarray(0, MAX_ENVELOPE_HEAD), bundle: true };
}

function listed(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  let end = data.length - 22;
  while (end > 0 && end > data.length - 22 - 65_535 && !starts(data.subarray(end), END)) end -= 1;
  const refuse = () => new Refusal('E_MALFORMED', W.bundle.broken, { place: W.bundle.place, fix: W.fix.again });
  if (end < 0 || !starts(data.subarray(end), END)) throw refuse();
  const [count, found] = [view.getUint16(end + 10, true), new Map()];
  let at = view.getUint32(end + 16, true);
  if (count > MAX_MEMBERS) throw refuse();
  for (let i = 0; i < count; i += 1) {
    if (at + 46 > data.length || !starts(data.subarray(at), 'PK\u0001\u0002')) throw refuse();
    const [method, size, length] = [view.getUint16(at + 10, true), view.getUint32(at + 24, true), view.getUint16(at + 28, true)];
    const name = text(data.subarray(at + 46, at + 46 + length), W.bundle.place);
    if (found.has(name)) throw refuse();
    found.set(name, { method, size, at: view.getUint32(at + 42, true) });
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return found;
}

function member(data, members, name) {
  const found = members.get(name);
  const place = `${W.bundle.place}/${name}`;
  if (found === undefined) throw new Refusal('E_MALFORMED', W.bundle.lacks, { place, expected: name, received: [...members.keys()].join(', ') });
  if (found.method !== 0) throw new Refusal('E_MALFORMED', W.bundle.packed, { place, fix: W.fix.command });
  const head = data.subarray(found.at, found.at + 30);
  if (head.length < 30 || !starts(head, 'PK\u0003\u0004')) throw new Refusal('E_MALFORMED', W.bundle.broken, { place, fix: W.fix.again });
  const view = new DataView(head.buffer, head.byteOffset, 30);
  const start = found.at + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  const content = data.subarray(start, start + found.size);
  if (content.length !== found.size) throw new Refusal('E_MALFORMED', W.bundle.broken, { place, fix: W.fix.again });
  return content;
}

