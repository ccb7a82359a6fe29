// Signed tree heads as text: C2SP signed-note, tlog-checkpoint, tlog-cosignature, and keys in their one-word form.
import { concat, fromB64, hex, readU64, Refusal, sha256, utf8 } from './bytes.js';
import { W } from './words.js';

export const ED25519_NOTE = 0x01;
export const ED25519_COSIGNATURE = 0x04;
export const ML_DSA_44 = 0x06;
export const MAX_SIZE = 2n ** 63n - 1n;
const MAX_NOTE = 524_288;
const MAX_SIGNATURES = 64;
const ML_DSA_44_TIMED = 8 + 2420;
const ED25519_SIZE = 64;
const KEY_SIZES = { [ED25519_NOTE]: 32, [ED25519_COSIGNATURE]: 32, [ML_DSA_44]: 1312 };
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const SPACE = /[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

export const isKeyName = (name) => name !== '' && !/[+\u0000-\u001f]/.test(name) && !SPACE.test(name) && utf8(name).length <= 255;

/** `<name>+<8 hex digits>+<base64 of type and key>`. */
export async function parseVkey(word, place = '') {
  const [name, id, ...encoded] = word.split('+');
  if (!isKeyName(name) || !/^[0-9a-f]{8}$/.test(id ?? '') || encoded.length === 0) {
    throw new Refusal('E_MALFORMED', W.vkey.shape, { place, expected: W.vkey.form, received: word });
  }
  const material = fromB64(encoded.join('+'), { place });
  const own = hex((await sha256(concat(utf8(`${name}\n`), material))).subarray(0, 4));
  if (own !== id) throw new Refusal('E_KEY', W.vkey.id(name), { place, expected: own, received: id });
  const [type, key] = [material[0], material.subarray(1)];
  if (KEY_SIZES[type] !== undefined && key.length !== KEY_SIZES[type]) {
    const expected = W.bytes(KEY_SIZES[type]);
    throw new Refusal('E_KEY', W.vkey.length(name), { place, expected, received: W.bytes(key.length) });
  }
  return { name, id, type, key, word };
}

/** Returns { text, signatures }: the signed text with its last newline, and the lines, nothing verified. */
export function parseNote(note, place) {
  const malformed = (detail, more) => new Refusal('E_MALFORMED', detail, { place, ...more });
  if (note.length > MAX_NOTE) throw new Refusal('E_TOO_LARGE', W.note.long, { place });
  const control = CONTROL.exec(note);
  if (control !== null) throw malformed(W.note.control, { received: JSON.stringify(control[0]) });
  const cut = note.lastIndexOf('\n\n');
  if (cut < 1 || !note.endsWith('\n')) throw malformed(W.note.blank);
  const lines = note.slice(cut + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw malformed(W.note.many, { expected: MAX_SIGNATURES, received: lines.length });
  const signatures = lines.map((line, i) => {
    const found = /^— ([^ ]+) ([^ ]+)$/s.exec(line);
    const at = `${place}, ${W.signatureLine(i + 1)}`;
    if (found === null || !isKeyName(found[1])) throw malformed(W.note.line, { place: at, received: line });
    const data = fromB64(found[2], { place: at });
    if (data.length <= 4) throw malformed(W.note.empty, { place: at });
    return { name: found[1], id: hex(data.subarray(0, 4)), data: data.subarray(4), line: i + 1 };
  });
  return { text: note.slice(0, cut + 1), signatures };
}

/** Returns { origin, size, root, text, signatures } of a checkpoint; extension lines are refused. */
export function parseCheckpoint(source, place) {
  const note = parseNote(source, place);
  const lines = note.text.slice(0, -1).split('\n');
  if (lines.length < 3 || lines.includes('')) throw new Refusal('E_MALFORMED', W.checkpoint.lines, { place });
  const [origin, size, root, ...extensions] = lines;
  if (!/^(0|[1-9][0-9]{0,18})$/.test(size) || BigInt(size) > MAX_SIZE) {
    throw new Refusal('E_MALFORMED', W.checkpoint.size, { place: `${place}, ${W.line(2)}`, received: size });
  }
  const head = { origin, size: BigInt(size), root: fromB64(root, { size: 32, place: `${place}, ${W.line(3)}` }) };
  if (extensions.length > 0) {
    throw new Refusal('E_MALFORMED', W.checkpoint.extension, { place: `${place}, ${W.line(4)}`, received: extensions[0] });
  }
  return { ...head, ...note };
}

/** The one signature line of a key of the log. */
export function signatureBy(key, head, place) {
  const found = head.signatures.filter((line) => line.name === key.name && line.id === key.id);
  if (found.length !== 1) {
    const expected = W.oneSignature(key.id, key.type);
    throw new Refusal('E_KEY', W.signatureCount(found.length), {
      place, expected, received: found.length === 0 ? W.keysSeen(head.signatures) : W.times(found.length), fix: W.fix.keys,
    });
  }
  return found[0];
}

// A public key that every implementation takes: RFC 8032, section 7.1, test 1.
const KNOWN_KEY = Uint8Array.from(atob('11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='), (char) => char.charCodeAt(0));

/** Whether this browser can check Ed25519: known only by trying. */
export async function hasEd25519() {
  try {
    await crypto.subtle.importKey('raw', KNOWN_KEY, { name: 'Ed25519' }, false, ['verify']);
    return true;
  } catch {
    return false;
  }
}

async function verifyEd25519(key, message, signature, place) {
  const imported = await crypto.subtle.importKey('raw', key.key, { name: 'Ed25519' }, false, ['verify']).catch(() => null);
  const good = imported !== null && signature.length === ED25519_SIZE
    && (await crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, message));
  if (!good) {
    throw new Refusal('E_SIGNATURE', W.badSignature(key.name), { place, expected: W.signatureOver(key.id), fix: W.fix.again });
  }
}

/** The log's Ed25519 signature over the text of the head. */
export async function verifyLogEd25519(key, head, place) {
  await verifyEd25519(key, utf8(head.text), signatureBy(key, head, place).data, place);
}

/** The log's ML-DSA-44 line: its form and its time; the signature itself is beyond browsers. */
export function readLogMlDsa(key, head, place) {
  const line = signatureBy(key, head, place);
  return timeOf(line, ML_DSA_44_TIMED, place);
}

/** The time in the log's own ML-DSA line of a head: to show it, not to rely on it. */
export function claimedTime(head) {
  const line = head.signatures.find((each) => each.name === head.origin && each.data.length === ML_DSA_44_TIMED);
  return line === undefined ? 0n : readU64(line.data);
}

/** A witness's line: checks Ed25519, reads ML-DSA-44. Returns { time, checked }. */
export async function readCosignature(key, head, line, canCheck) {
  const place = W.signatureLine(line.line);
  const isClassical = key.type === ED25519_COSIGNATURE;
  const time = timeOf(line, isClassical ? 8 + ED25519_SIZE : ML_DSA_44_TIMED, place);
  const checked = isClassical && canCheck;
  if (checked) {
    await verifyEd25519(key, utf8(`cosignature/v1\ntime ${time}\n${head.text}`), line.data.subarray(8), place);
  }
  return { time, checked };
}

function timeOf(line, length, place) {
  if (line.data.length !== length) {
    const received = W.bytes(line.data.length);
    throw new Refusal('E_SIGNATURE', W.cosignatureLength(line.name), { place, expected: W.bytes(length), received });
  }
  const time = readU64(line.data);
  if (time === 0n || time > MAX_SIZE) {
    throw new Refusal('E_MALFORMED', W.cosignatureTime(line.name), { place, expected: W.timeRange, received: time });
  }
  return time;
}

