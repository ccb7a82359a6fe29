// The whole check of a receipt, as a list of checks and one verdict. No DOM and no network: also runs in Node.js.
//
// A check is 'held', 'failed', 'unchecked' (it matters and was not made here) or 'noted' (nothing hangs on it). The
// verdict is 'refused' when anything failed; 'open' when something that decides was not checked; else 'holds', which
// still is less than the platform's own rule, by which the ML-DSA signature counts as much as the Ed25519 one.
import { b64, equal, hex, Refusal, utf8 } from './bytes.js';
import { verifyRoot } from './cose.js';
import { hasEd25519, parseCheckpoint, readCosignature, readLogMlDsa, verifyLogEd25519 } from './notes.js';
import { manifestDigest, parseProof, readEntry, readReceipt } from './receipt.js';
import { judge } from './trust.js';
import { leafHash, rootOfInclusion, verifyConsistency, verifyInclusion } from './tree.js';
import { W } from './words.js';

const DECISIVE = ['keys', 'ed25519', 'es384', 'path'];

class Checks {
  list = [];

  say(id, state, detail, more = {}) {
    this.list.push({ id, state, title: W.checks[id], detail, code: '', place: '', expected: '', received: '', fix: '', ...more });
  }

  /** Do one check: what it returns is { detail, state, value }; a refusal is told and gives undefined. */
  async make(id, work) {
    try {
      const { detail, state = 'held', value = true, ...more } = await work();
      this.say(id, state, detail, more);
      return value;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, place, expected, received, fix } = error;
      this.say(id, 'failed', error.message, { code, place, expected, received, fix });
      return undefined;
    }
  }
}

/**
 * Verify what the visitor brought. `trust` comes from `readTrust`, or is null; `entry` (text) belongs to a bare proof;
 * `envelope` holds the first bytes of a container. Returns { verdict, headline, checks, facts, head }.
 */
export async function verifyReceipt({ data, pasted = false, trust, entry = '', envelope = null }) {
  const checks = new Checks();
  const receipt = await checks.make('form', async () => {
    const value = await readReceipt(data, { pasted });
    return { detail: W.form[value.bundle ? 'bundle' : value.kind], value };
  });
  if (receipt?.cose) return verifyCose(checks, receipt, trust, leafOf(receipt, entry));
  const proof = receipt && (await checks.make('proof', () => {
    const value = parseProof(receipt.proof);
    return { detail: W.proof.held(value.index, value.path.length), value };
  }));
  if (receipt) claims(checks, receipt, proof);
  const head = proof && (await checks.make('checkpoint', () => {
    const value = parseCheckpoint(proof.checkpoint, W.checkpoint.place);
    return { detail: W.checkpoint.held(value.size), value };
  }));
  const canCheck = await hasEd25519();
  const isSigned = head && (await signatures(checks, head, trust, canCheck));
  const leaf = leafOf(receipt, entry);
  const check = head && (async () => {
    await verifyInclusion(proof.index, head.size, await leafHash(leaf), proof.path, head.root, W.proof.place);
    return { detail: W.path.held(proof.index, head.size, proof.path.length) };
  });
  const members = receipt && (await inclusion(checks, { receipt, leaf, check }))?.entry;
  if (members?.man !== undefined) await about(checks, members, envelope ?? receipt.envelope);
  if (head && isSigned) {
    await witnesses(checks, head, trust, canCheck);
    await againstPinned(checks, head, trust, canCheck);
  }
  const facts = { kind: receipt?.kind ?? '', index: proof?.index, size: head?.size, root: head && b64(head.root), origin: head?.origin, entry: members };
  return { ...verdict(checks.list, facts), checks: checks.list, facts, head };
}

const leafOf = (receipt, entry) => receipt?.entry ?? (entry.trim() === '' ? null : utf8(entry.trim()));

/** A COSE receipt names no root: entry and path give one, and the log's third key must have signed that one. */
async function verifyCose(checks, receipt, trust, leaf) {
  const { cose } = receipt;
  checks.say('proof', 'held', W.proof.held(cose.index, cose.path.length));
  const key = await receiptKey(checks, cose, trust);
  const members = await inclusion(checks, { receipt, leaf, check: async () => {
    const value = await rootOfInclusion(cose.index, cose.size, await leafHash(leaf), cose.path, W.cose.place);
    return { detail: W.cose.root(cose.index, cose.size, cose.path.length), value };
  } });
  if (key && members?.place) {
    await checks.make('es384', async () => {
      await verifyRoot(cose, members.place, key);
      return { detail: W.cose.held(hex(key.kid).slice(0, 8)) };
    });
  }
  checks.say('claims', 'noted', W.cose.less, { fix: W.fix.head });
  const facts = { kind: receipt.kind, index: cose.index, size: cose.size, origin: cose.issuer, entry: members?.entry };
  return { ...verdict(checks.list, facts), checks: checks.list, facts, head: undefined };
}

async function receiptKey(checks, cose, trust) {
  if (!trust?.receipts) {
    checks.say('keys', 'unchecked', trust ? W.cose.noKey : W.keys.none, { fix: W.fix.trust });
    return undefined;
  }
  return checks.make('keys', () => {
    const { place } = W.cose;
    if (cose.issuer !== trust.origin) {
      throw new Refusal('E_KEY', W.cose.other, { place, expected: trust.origin, received: cose.issuer, fix: W.fix.keys });
    }
    if (!equal(cose.kid, trust.receipts.kid)) {
      throw new Refusal('E_KEY', W.cose.unpinned, { place, expected: hex(trust.receipts.kid), received: hex(cose.kid), fix: W.fix.keys });
    }
    return { detail: W.cose.issuer(trust.origin), value: trust.receipts };
  });
}

/** What the log's signatures cannot carry is refused: a level of its own, and data beside the proof. */
function claims(checks, receipt, proof) {
  if (receipt.level === 'witnessed') {
    checks.say('claims', 'failed', W.claims.witnessed, {
      code: 'E_MALFORMED', place: `${W.receipt.place}/level`, expected: 'logged', received: 'witnessed', fix: W.fix.level,
    });
  } else if (proof?.extra) {
    const isReceipt = receipt.kind !== 'proof';
    checks.say('claims', isReceipt ? 'failed' : 'noted', W.claims.extra, isReceipt ? { code: 'E_MALFORMED', place: W.proof.place } : {});
  }
}

async function signatures(checks, head, trust, canCheck) {
  if (!trust) {
    checks.say('keys', 'unchecked', W.keys.none, { fix: W.fix.trust });
    return false;
  }
  const isOurs = await checks.make('keys', () => {
    if (head.origin !== trust.origin) {
      throw new Refusal('E_KEY', W.keys.other, { place: `${W.checkpoint.place}, ${W.line(1)}`, expected: trust.origin, received: head.origin, fix: W.fix.keys });
    }
    return { detail: W.keys.held(trust.origin) };
  });
  if (!isOurs) return false;
  const place = W.checkpoint.place;
  const classical = await checks.make('ed25519', async () => {
    if (!canCheck) return { detail: W.noEd25519, state: 'unchecked', fix: W.fix.browser };
    await verifyLogEd25519(trust.ed25519, head, place);
    return { detail: W.ed25519.held(trust.ed25519.id) };
  });
  const postQuantum = await checks.make('mldsa', () => {
    const time = readLogMlDsa(trust.mlDsa, head, place);
    return { detail: W.mldsa.unchecked(trust.mlDsa.id, W.instant(time)), state: 'unchecked', fix: W.fix.command };
  });
  return classical !== undefined && postQuantum !== undefined;
}

async function inclusion(checks, { receipt, leaf, check }) {
  if (leaf === null) {
    checks.say('path', 'unchecked', W.path.noEntry, { fix: W.fix.entry });
    return undefined;
  }
  const place = check && (await checks.make('path', check));
  const entry = await checks.make('entry', () => {
    const value = readEntry(leaf, receipt.kind);
    return { detail: W.entry.held(value), value };
  });
  return { place, entry };
}

async function about(checks, members, envelope) {
  if (envelope === null) {
    checks.say('envelope', 'noted', W.envelope.notGiven(members.env));
    return;
  }
  await checks.make('envelope', async () => {
    const found = await manifestDigest(envelope);
    if (found !== members.man) {
      throw new Refusal('E_DIGEST', W.envelope.other, { place: `${W.entry.place}/man`, expected: found, received: members.man, fix: W.fix.envelope });
    }
    return { detail: W.envelope.held(members.env) };
  });
}

/** Check the cosignatures of the policy's keys. A line of a known key that does not hold sinks the head. */
async function witnesses(checks, head, trust, canCheck, id = 'witnesses') {
  if (!trust.policy) {
    checks.say(id, 'noted', W.witnesses.noPolicy);
    return;
  }
  await checks.make(id, async () => {
    const [checked, read] = [[], []];
    for (const { name, key } of trust.policy.witnesses) {
      for (const line of head.signatures.filter((each) => each.name === key.name && each.id === key.id)) {
        (await readCosignature(key, head, line, canCheck)).checked ? checked.push(name) : read.push(name);
      }
    }
    const { state, lacks } = judge(trust.policy, checked, read);
    const seen = W.witnesses.seen(checked, read);
    if (state === 'met') return { detail: trust.policy.quorum === 'none' ? W.witnesses.nobody : W.witnesses.met(seen) };
    if (state === 'open') return { detail: W.witnesses.open(seen), state: 'unchecked', fix: W.fix.command };
    return { detail: W.witnesses.lacking(lacks, seen), state: 'noted' };
  });
}

/** Hold a head against the newest one of the trust file; without a proof only heads of one size can be compared. */
async function againstPinned(checks, head, trust, canCheck, prove = null) {
  if (!trust.pinned) return;
  const { pinned } = trust;
  if (prove === null && pinned.size !== head.size) return;
  await checks.make('pinned', async () => {
    if (canCheck) await verifyLogEd25519(trust.ed25519, pinned, W.pinned.place);
    const [first, second] = pinned.size <= head.size ? [pinned, head] : [head, pinned];
    await verifyConsistency(first, second, first.size === second.size ? [] : await prove(first.size, second.size), W.pinned.place);
    return { detail: W.continuity.held(first.size, second.size) };
  });
}

/**
 * Check that a verified head and the log's published one belong to one history. `publishedText` is what `/checkpoint`
 * gave, `prove(first, second)` asks for hashes (base64). Returns checks; none of them needs the receipt.
 */
export async function compareHeads(head, publishedText, trust, prove) {
  const checks = new Checks();
  const canCheck = await hasEd25519();
  const published = await checks.make('published', async () => {
    const value = parseCheckpoint(publishedText, W.continuity.place);
    if (value.origin !== trust.origin) {
      throw new Refusal('E_KEY', W.continuity.otherLog, { place: W.continuity.place, expected: trust.origin, received: value.origin });
    }
    readLogMlDsa(trust.mlDsa, value, W.continuity.place);
    if (!canCheck) return { detail: W.noEd25519, state: 'unchecked', fix: W.fix.browser, value };
    await verifyLogEd25519(trust.ed25519, value, W.continuity.place);
    return { detail: W.continuity.published(value.size), value };
  });
  if (!published) return checks.list;
  await checks.make('continuity', async () => {
    const [first, second] = head.size <= published.size ? [head, published] : [published, head];
    const hashes = first.size === second.size ? [] : await prove(first.size, second.size);
    await verifyConsistency(first, second, hashes, W.continuity.proof);
    return { detail: W.continuity.held(first.size, second.size) };
  });
  await againstPinned(checks, published, trust, canCheck, prove);
  await witnesses(checks, published, trust, canCheck, 'publishedWitnesses');
  return checks.list;
}

function verdict(list, facts) {
  const failed = list.filter((check) => check.state === 'failed');
  if (failed.length > 0) return { verdict: 'refused', headline: W.verdict.refused(failed[0], failed.length) };
  const lacking = list.filter((check) => check.state === 'unchecked');
  const deciding = lacking.filter((check) => DECISIVE.includes(check.id));
  if (deciding.length > 0) return { verdict: 'open', headline: W.verdict.open(deciding.map((check) => check.title)) };
  return { verdict: 'holds', headline: W.verdict.holds(facts, lacking.map((check) => check.title)) };
}
