// RFC 6962 hashes, and its two proofs checked with the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2.
import { b64, concat, equal, Refusal, sha256 } from './bytes.js';
import { W } from './words.js';

export const MAX_PATH = 63;
export const leafHash = (data) => sha256(concat(new Uint8Array([0]), data));
const nodeHash = (left, right) => sha256(concat(new Uint8Array([1]), left, right));
const refused = (detail, more) => new Refusal('E_INTEGRITY', detail, more);

/** The root that `leaf`, a leaf hash, and a path lead to from `index` of a tree of `size`; all numbers are BigInt. */
export async function rootOfInclusion(index, size, leaf, path, place) {
  if (index >= size) throw refused(W.tree.beyond(index, size), { place, expected: W.tree.below(size), received: index });
  let [fn, sn, hash] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (sn === 0n) throw refused(W.tree.long, { place, received: W.hashes(path.length) });
    if (fn & 1n || fn === sn) {
      hash = await nodeHash(sibling, hash);
      [fn, sn] = skipped(fn, sn);
    } else hash = await nodeHash(hash, sibling);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn !== 0n) throw refused(W.tree.short, { place, received: W.hashes(path.length) });
  return hash;
}

/** Check that `leaf` stands at `index` of the tree of `size` and `root`. */
export async function verifyInclusion(index, size, leaf, path, root, place) {
  const hash = await rootOfInclusion(index, size, leaf, path, place);
  if (!equal(hash, root)) {
    throw refused(W.tree.root(index, size), { place, expected: W.root(b64(root)), received: W.root(b64(hash)), fix: W.fix.again });
  }
}

/** Check that the second tree only appends to the first. Heads are { size, root }. */
export async function verifyConsistency(first, second, path, place) {
  if (first.size < 1n || first.size > second.size) throw refused(W.tree.backwards, { place });
  if (first.size === second.size) {
    if (path.length > 0) throw refused(W.tree.long, { place });
    if (!equal(first.root, second.root)) {
      throw refused(W.tree.fork(first.size), { place, expected: W.root(b64(first.root)), received: W.root(b64(second.root)), fix: W.fix.fork });
    }
    return;
  }
  if (path.length === 0) throw refused(W.tree.short, { place });
  const isFull = (first.size & (first.size - 1n)) === 0n;
  const nodes = isFull ? [first.root, ...path] : path;
  let [fn, sn] = [first.size - 1n, second.size - 1n];
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  let [old, now] = [nodes[0], nodes[0]];
  for (const node of nodes.slice(1)) {
    if (sn === 0n) throw refused(W.tree.long, { place });
    if (fn & 1n || fn === sn) {
      [old, now] = [await nodeHash(node, old), await nodeHash(node, now)];
      [fn, sn] = skipped(fn, sn);
    } else now = await nodeHash(now, node);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn !== 0n) throw refused(W.tree.short, { place });
  if (!equal(old, first.root) || !equal(now, second.root)) {
    throw refused(W.tree.broken(first.size, second.size), {
      place,
      expected: W.root(`${b64(first.root)} → ${b64(second.root)}`),
      received: W.root(`${b64(old)} → ${b64(now)}`),
      fix: W.fix.fork,
    });
  }
}

/** Climb over the levels at which a node of the right edge has no sibling. */
function skipped(fn, sn) {
  let [a, b] = [fn, sn];
  while (a !== 0n && !(a & 1n)) [a, b] = [a >> 1n, b >> 1n];
  return [a, b];
}
