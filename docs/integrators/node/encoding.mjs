// Strict ways to bytes and back. What two parsers could read differently is refused.
import { createHash } from 'node:crypto';

export class Refusal extends Error {
  constructor(code, detail) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

export const sha256 = (data) => createHash('sha256').update(data).digest();
export const b64u = (data) => Buffer.from(data).toString('base64url');
export const ascii = (text) => Buffer.from(text, 'latin1');

export function fromB64u(text, size) {
  const data = typeof text === 'string' ? Buffer.from(text, 'base64url') : Buffer.alloc(0);
  if (b64u(data) !== text) throw new Refusal('E_MALFORMED', 'not canonical base64url');
  if (size !== undefined && data.length !== size) throw new Refusal('E_MALFORMED', 'wrong length');
  return data;
}

export function fromB64(text) {
  const data = Buffer.from(text, 'base64');
  if (data.toString('base64') !== text) throw new Refusal('E_MALFORMED', 'not canonical base64');
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
export function parseJson(data, maxBytes, maxDepth = 6) {
  if (data.length > maxBytes) throw new Refusal('E_TOO_LARGE', 'the JSON text is too long');
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new Refusal('E_MALFORMED', 'not UTF-8');
  }
  const value = new Scanner(text, maxDepth).document();
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Refusal('E_MALFORMED', 'the JSON text is no object');
  }
  return value;
}

class Scanner {
  constructor(text, maxDepth) {
    Object.assign(this, { text, at: 0, maxDepth });
  }

  document() {
    const value = this.value(0);
    this.blanks();
    if (this.at !== this.text.length) this.fail('text after the value');
    return value;
  }

  fail(detail) {
    throw new Refusal('E_MALFORMED', `not strict JSON: ${detail}`);
  }

  blanks() {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at += 1;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found?.[0];
  }

  value(depth) {
    this.blanks();
    const first = this.text[this.at];
    if (first === '{' || first === '[') {
      if (depth === this.maxDepth) this.fail('nested too deep');
      this.at += 1;
      return first === '{' ? this.object(depth + 1) : this.list(depth + 1);
    }
    if (first === '"') return this.string();
    const word = this.take(/true|false|null|-?(?:0|[1-9][0-9]*)(?![0-9.eE])/y);
    if (word === undefined) this.fail('no value');
    const value = JSON.parse(word);
    if (typeof value === 'number' && !Number.isSafeInteger(value)) this.fail('beyond 2^53');
    return value;
  }

  string() {
    const literal = this.take(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    if (literal === undefined) this.fail('no string');
    const value = JSON.parse(literal);
    if (!value.isWellFormed()) this.fail('a lone surrogate');
    if (value.includes('\0')) this.fail('a text with NUL');
    return value;
  }

  separated(end, item) {
    this.blanks();
    if (this.text[this.at] === end) {
      this.at += 1;
      return;
    }
    for (;;) {
      item();
      this.blanks();
      const next = this.text[this.at];
      this.at += 1;
      if (next === end) return;
      if (next !== ',') this.fail('no comma');
    }
  }

  object(depth) {
    const members = Object.create(null);
    this.separated('}', () => {
      this.blanks();
      const name = this.string();
      this.blanks();
      if (this.text[this.at] !== ':') this.fail('no colon');
      this.at += 1;
      if (name in members) this.fail('a member stands twice');
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

export function expectMembers(value, required, optional = []) {
  const names = value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.keys(value) : null;
  const known = new Set([...required, ...optional]);
  if (names === null || required.some((name) => !names.includes(name)) || names.some((name) => !known.has(name))) {
    throw new Refusal('E_MALFORMED', `members are exactly ${[...known].join(', ')}`);
  }
  return value;
}
