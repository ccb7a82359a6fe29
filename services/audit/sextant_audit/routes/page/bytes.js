// Strict ways to bytes and back; what two readers could read differently is refused. No DOM: also runs in Node.js.
import { W } from './words.js';

/** A reason to refuse: a code of the platform, where, what was expected and received, and what mends it. */
export class Refusal extends Error {
  constructor(code, detail, { place = '', expected = '', received = '', fix = '' } = {}) {
    super(detail);
    Object.assign(this, { code, place, expected: shown(expected), received: shown(received), fix });
  }
}

const shown = (value) => {
  const text = String(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
};

export const utf8 = (text) => new TextEncoder().encode(text);
export const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data));
export const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const binary = (data) => Array.from(data, (byte) => String.fromCharCode(byte)).join('');
export const b64 = (data) => btoa(binary(data));
export const b64u = (data) => b64(data).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Eight bytes, big-endian. */
export function u64(number) {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(number));
  return out;
}

export const readU64 = (data) => new DataView(data.buffer, data.byteOffset, 8).getBigUint64(0);

export function text(data, place) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new Refusal('E_MALFORMED', W.notUtf8, { place });
  }
}

/** Base64 with padding, in its one spelling. */
export function fromB64(encoded, { size, place = '' } = {}) {
  const data = decoded(encoded);
  if (data === null || b64(data) !== encoded) {
    throw new Refusal('E_MALFORMED', W.notBase64, { place, received: encoded });
  }
  return sized(data, size, place);
}

/** Base64url without padding, in its one spelling. */
export function fromB64u(encoded, { size, place = '' } = {}) {
  const is = typeof encoded === 'string' && /^[A-Za-z0-9_-]*$/.test(encoded);
  const data = is ? decoded(encoded.replaceAll('-', '+').replaceAll('_', '/')) : null;
  if (data === null || b64u(data) !== encoded) {
    throw new Refusal('E_MALFORMED', W.notBase64u, { place, received: encoded });
  }
  return sized(data, size, place);
}

function decoded(encoded) {
  try {
    return Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

function sized(data, size, place) {
  if (size !== undefined && data.length !== size) {
    throw new Refusal('E_MALFORMED', W.wrongLength, { place, expected: W.bytes(size), received: W.bytes(data.length) });
  }
  return data;
}

/** RFC 8785 for what the protocol uses: strings, integers, booleans, null, lists, objects. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const names = Object.keys(value).sort(); // by UTF-16 code units, as the RFC wants
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Strict JSON with an object on top: no member twice, no fraction, nothing beyond 2^53, at most six levels. */
export function parseJson(source, place = '') {
  const value = new Scanner(source, place).document();
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Refusal('E_MALFORMED', W.noObject, { place });
  }
  return value;
}

const MAX_DEPTH = 6;

class Scanner {
  constructor(source, place) {
    Object.assign(this, { source, place, at: 0 });
  }

  document() {
    const value = this.value(0);
    this.blanks();
    if (this.at !== this.source.length) this.fail(W.json.after);
    return value;
  }

  fail(detail) {
    const line = this.source.slice(0, this.at).split('\n');
    const where = W.position(line.length, line.at(-1).length + 1);
    const place = [this.place, where].filter(Boolean).join(', ');
    throw new Refusal('E_MALFORMED', W.json.not(detail), { place, received: this.source.slice(this.at, this.at + 40) });
  }

  blanks() {
    while (' \t\n\r'.includes(this.source[this.at] ?? 'x')) this.at += 1;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found) this.at = pattern.lastIndex;
    return found?.[0];
  }

  value(depth) {
    this.blanks();
    const first = this.source[this.at];
    if (first === '{' || first === '[') {
      if (depth === MAX_DEPTH) this.fail(W.json.deep);
      this.at += 1;
      return first === '{' ? this.object(depth + 1) : this.list(depth + 1);
    }
    if (first === '"') return this.string();
    const word = this.take(/true|false|null|-?(?:0|[1-9][0-9]*)(?![0-9.eE])/y);
    if (word === undefined) this.fail(W.json.value);
    const value = JSON.parse(word);
    if (typeof value === 'number' && !Number.isSafeInteger(value)) this.fail(W.json.large);
    return value;
  }

  string() {
    const literal = this.take(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    if (literal === undefined) this.fail(W.json.string);
    const value = JSON.parse(literal);
    if (/\p{Surrogate}/u.test(value)) this.fail(W.json.surrogate);
    return value;
  }

  separated(end, item) {
    this.blanks();
    if (this.source[this.at] === end) {
      this.at += 1;
      return;
    }
    for (;;) {
      item();
      this.blanks();
      const next = this.source[this.at];
      if (next !== end && next !== ',') this.fail(W.json.comma);
      this.at += 1;
      if (next === end) return;
    }
  }

  object(depth) {
    const members = Object.create(null);
    this.separated('}', () => {
      this.blanks();
      const name = this.string();
      this.blanks();
      if (this.source[this.at] !== ':') this.fail(W.json.colon);
      this.at += 1;
      if (name in members) this.fail(W.json.twice(name));
      members[name] = this.value(depth);
    });
    return members;
  }

  list(depth) {
    const items = [];
    this.separated(']', () => items.push(this.value(depth)));
    return items;
  }
}

/** Refuse an object unless it has exactly these members, each of which fits its test. */
export function expectShape(value, shape, place) {
  const [names, wanted] = [Object.keys(value), Object.keys(shape)];
  const lacking = wanted.filter((name) => !names.includes(name));
  const unknown = names.filter((name) => !wanted.includes(name));
  if (lacking.length + unknown.length > 0) {
    const received = names.sort().join(', ');
    throw new Refusal('E_MALFORMED', W.members(lacking, unknown), { place, expected: wanted.sort().join(', '), received });
  }
  for (const [name, [fits, expected]] of Object.entries(shape)) {
    if (!fits(value[name])) {
      throw new Refusal('E_MALFORMED', W.member(name), { place: `${place}/${name}`, expected, received: value[name] });
    }
  }
  return value;
}
