// Receipts: an entry, its path, and a checkpoint that the log signed twice (C2SP tlog-proof, signed-note, RFC 6962).
import { ascii, b64u, canonical, expectMembers, fromB64, fromB64u, parseJson, Refusal, sha256 } from './encoding.mjs';
import { verify } from './keys.mjs';

const malformed = (detail) => new Refusal('E_MALFORMED', detail);
const node = (left, right) => sha256(Buffer.concat([Buffer.from([1]), left, right]));
export const leafHash = (data) => sha256(Buffer.concat([Buffer.from([0]), data]));

/** `<name>+<key id>+<base64 of type and key>`; type 1 is Ed25519, type 6 is ML-DSA-44. */
export function parseVkey(text) {
  const [name, id, encoded] = [text.split('+', 1)[0], ...text.slice(text.indexOf('+') + 1).split(/\+(.*)/s)];
  const material = fromB64(encoded);
  const own = sha256(Buffer.concat([Buffer.from(`${name}\n`), material])).subarray(0, 4);
  if (own.toString('hex') !== id) throw new Refusal('E_KEY', 'the id is not that of the key');
  const key = b64u(material.subarray(1));
  const jwk = material[0] === 1 ? { kty: 'OKP', crv: 'Ed25519', x: key } : { kty: 'AKP', alg: 'ML-DSA-44', pub: key };
  return { name, type: material[0], id, jwk };
}

const u64 = (number) => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(number));
  return out;
};
const short = (text) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);

/** What an ML-DSA-44 cosigner signs (C2SP tlog-cosignature): label, names, time, and the tree from 0 to its size. */
const cosigned = (name, time, body) => Buffer.concat([
  ascii('subtree/v1\n\0'), short(name), time, short(body.origin), u64(0), u64(body.size), body.root,
]);

/** Returns { origin, size, root, time }; both pinned keys must have signed. */
export function verifyCheckpoint(text, vkeys) {
  const cut = text.lastIndexOf('\n\n');
  const [signed, lines] = [text.slice(0, cut + 1), text.slice(cut + 2)];
  if (cut < 1 || !lines.endsWith('\n')) throw malformed('no note');
  const [origin, size, root, ...rest] = signed.slice(0, -1).split('\n');
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size) || root === undefined || rest.length > 0) throw malformed('no checkpoint');
  const body = { origin, size: Number(size), root: fromB64(root) };
  let time = 0;
  for (const vkey of vkeys) {
    if (vkey.name !== origin) throw new Refusal('E_KEY', 'the checkpoint is of another log');
    const found = lines.slice(0, -1).split('\n').filter((line) => {
      const [dash, name, encoded] = line.split(' ');
      if (dash !== '—' || encoded === undefined) throw malformed('no signature line');
      return name === vkey.name && fromB64(encoded).subarray(0, 4).toString('hex') === vkey.id;
    });
    if (found.length !== 1) throw new Refusal('E_KEY', 'one signature by each key of the log');
    const signature = fromB64(found[0].split(' ')[2]).subarray(4);
    if (vkey.type === 1) verify(vkey.jwk, Buffer.from(signed), signature);
    else {
      verify(vkey.jwk, cosigned(vkey.name, signature.subarray(0, 8), body), signature.subarray(8));
      time = Number(signature.readBigUInt64BE(0));
    }
  }
  return { ...body, time };
}

/** RFC 9162 section 2.1.3.2. */
export function verifyInclusion(index, size, leaf, path, root) {
  let [position, last, hash] = [index, size - 1, leaf];
  if (index >= size) throw new Refusal('E_INTEGRITY', 'the index is beyond the tree');
  for (const sibling of path) {
    if (last === 0) throw new Refusal('E_INTEGRITY', 'the path is too long');
    if (position % 2 === 1 || position === last) {
      hash = node(sibling, hash);
      while (position % 2 === 0 && position !== 0) [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
    } else hash = node(hash, sibling);
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  if (last !== 0 || !hash.equals(root)) throw new Refusal('E_INTEGRITY', 'the entry does not stand in the log');
}

/** Returns { index, checkpoint } of bytes proved to stand in the log. */
export function verifyProof(leaf, text, vkeys) {
  const cut = text.indexOf('\n\n');
  const [header, second, ...hashes] = text.slice(0, cut).split('\n');
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(second)?.[1];
  if (cut < 0 || header !== 'c2sp.org/tlog-proof@v1' || index === undefined) throw malformed('no tlog-proof');
  const checkpoint = verifyCheckpoint(text.slice(cut + 2), vkeys);
  verifyInclusion(Number(index), checkpoint.size, leafHash(leaf), hashes.map(fromB64), checkpoint.root);
  return { index: Number(index), checkpoint };
}

/** Verifies a custody receipt for one envelope and manifest; returns { index, size, t, reg }; `reg` is where the sender's keys stand. */
export function verifyReceipt(data, manifestDigest, envelope, vkeys) {
  const document = expectMembers(parseJson(data, 65536), ['v', 'kind', 'level', 'entry', 'proof']);
  if (!Buffer.from(canonical(document)).equals(data)) throw malformed('not in its canonical encoding');
  if (document.v !== 1 || document.kind !== 'custody' || document.level !== 'logged') throw malformed('no custody receipt');
  const leaf = fromB64u(document.entry);
  const { index, checkpoint } = verifyProof(leaf, document.proof, vkeys);
  const entry = expectMembers(parseJson(leaf, 4096), ['v', 'type', 'id', 't', 'nonce', 'env', 'man', 'reg']);
  if (entry.type !== 'envelope.accepted' || entry.env !== envelope) throw new Refusal('E_INTEGRITY', 'about another envelope');
  if (entry.man !== b64u(manifestDigest)) throw new Refusal('E_DIGEST', 'about another manifest');
  return { index, size: checkpoint.size, t: entry.t, reg: entry.reg };
}

/** Verifies the receipt of an act on an envelope, as parsed; returns { index, type, t, detail }, `detail` null when it is not for us. */
export function verifyAct(receipt, envelope, vkeys) {
  expectMembers(receipt, ['v', 'kind', 'level', 'entry', 'proof', 'detail', 'salt']);
  const { v, kind, level, detail, salt } = receipt;
  if (v !== 1 || kind !== 'act' || level !== 'logged' || (detail === null) !== (salt === null)) throw malformed('no receipt of an act');
  const leaf = fromB64u(receipt.entry);
  const { index } = verifyProof(leaf, receipt.proof, vkeys);
  const { type, t, env, commit } = parseJson(leaf, 4096);
  if (env !== envelope) throw new Refusal('E_INTEGRITY', 'about another envelope');
  if (detail === null) return { index, type, t, detail };
  const [said, salted] = [fromB64u(detail), fromB64u(salt, 32)];
  const own = b64u(sha256(Buffer.concat([ascii('audit-commit/v1'), salted, said])));
  if (commit !== own) throw new Refusal('E_DIGEST', 'the detail is not the one that the entry commits to');
  return { index, type, t, detail: parseJson(said, 65536) };
}
