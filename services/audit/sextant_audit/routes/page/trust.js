// What the reader trusts: the log's two keys, and perhaps a witness policy (C2SP tlog-policy), from a file or pasted.
import { parseJson, Refusal } from './bytes.js';
import { readReceiptKey } from './cose.js';
import { ED25519_COSIGNATURE, ED25519_NOTE, ML_DSA_44, parseCheckpoint, parseVkey } from './notes.js';
import { W } from './words.js';

/**
 * Returns { origin, ed25519, mlDsa, policy, pinned } of a trust.json, a log.json, a policy with log lines, or bare keys;
 * with `receipts`, the key of COSE receipts, where the file has one.
 */
export async function readTrust(source) {
  const trimmed = source.trim();
  if (trimmed === '') throw new Refusal('E_MALFORMED', W.trust.empty, { fix: W.fix.trust });
  if (trimmed.startsWith('{')) return ofJson(parseJson(trimmed, W.trust.place));
  if (/^(?:(?:log|witness|group|quorum)[ \t]|#)/m.test(trimmed)) {
    const policy = await parsePolicy(source.endsWith('\n') ? source : `${source}\n`);
    return { ...ofKeys(policy.logs), policy, pinned: null };
  }
  return { ...(await ofWords(trimmed.split(/\s+/))), policy: null, pinned: null };
}

async function ofJson(members) {
  const log = members.log ?? members;
  const words = log?.vkeys;
  if (members.kind !== undefined || !Array.isArray(words) || words.some((word) => typeof word !== 'string')) {
    const received = members.kind ?? Object.keys(members).join(', ');
    throw new Refusal('E_MALFORMED', W.trust.shape, { place: W.trust.place, expected: W.trust.form, received, fix: W.fix.trust });
  }
  const keys = await ofWords(words);
  const jwk = log.receipt_key ?? null;
  keys.receipts = jwk === null ? null : await readReceiptKey(jwk, `${W.trust.place}/receipt_key`);
  if (log.origin !== keys.origin) {
    throw new Refusal('E_POLICY', W.trust.origin, { place: `${W.trust.place}/origin`, expected: keys.origin, received: log.origin });
  }
  const pinned = typeof members.checkpoint === 'string' ? parseCheckpoint(members.checkpoint, W.pinned.place) : null;
  if (pinned !== null && pinned.origin !== keys.origin) {
    throw new Refusal('E_POLICY', W.pinned.otherLog, { place: W.pinned.place, expected: keys.origin, received: pinned.origin });
  }
  if (typeof members.policy !== 'string') return { ...keys, policy: null, pinned };
  const policy = await parsePolicy(members.policy);
  const named = policy.logs.map((key) => key.word);
  if (named.length > 0 && !named.some((word) => words.includes(word))) {
    throw new Refusal('E_POLICY', W.trust.otherLogs, { place: `${W.trust.place}/policy`, expected: keys.origin, received: policy.logs[0].name });
  }
  return { ...keys, policy, pinned };
}

const ofWords = async (words) => ofKeys(await Promise.all(words.map((word, i) => parseVkey(word, W.trust.key(i + 1)))));

function ofKeys(keys) {
  const [classical, ...more] = keys.filter((key) => key.type === ED25519_NOTE);
  const [postQuantum, ...others] = keys.filter((key) => key.type === ML_DSA_44);
  if (!classical || !postQuantum || more.length + others.length > 0 || keys.length !== 2) {
    const received = keys.map((key) => W.vkey.type(key.type)).join(', ') || W.none;
    throw new Refusal('E_KEY', W.trust.pair, { place: W.trust.place, expected: W.trust.both, received, fix: W.fix.trust });
  }
  if (classical.name !== postQuantum.name) {
    throw new Refusal('E_KEY', W.trust.names, { place: W.trust.place, expected: classical.name, received: postQuantum.name });
  }
  return { origin: classical.name, ed25519: classical, mlDsa: postQuantum };
}

/** Returns { logs, witnesses, groups, quorum }. Every line at fault is named at once. */
export async function parsePolicy(source) {
  const policy = { logs: [], witnesses: [], groups: [], quorum: null };
  const [names, members, faults] = [new Set(['none']), new Set(), []];
  const lines = source.split('\n');
  if (lines.pop() !== '') faults.push(W.policy.fault(lines.length + 1, W.policy.newline));
  const define = (name) => {
    if (names.has(name)) throw new Error(W.policy.used(name));
    names.add(name);
  };
  const fresh = (key) => {
    const same = (other) => other.word.split('+').slice(2).join('+').slice(2) === key.word.split('+').slice(2).join('+').slice(2);
    if ([...policy.logs, ...policy.witnesses.map((witness) => witness.key)].some(same)) throw new Error(W.policy.sameKey);
    return key;
  };
  const kinds = {
    async log(words) {
      if (words.length < 1 || words.length > 2) throw new Error(W.policy.log);
      const key = await parseVkey(words[0]);
      if (![ED25519_NOTE, ML_DSA_44].includes(key.type)) throw new Error(W.policy.logType);
      policy.logs.push(fresh(key));
    },
    async witness(words) {
      if (words.length < 2 || words.length > 3) throw new Error(W.policy.witness);
      const key = await parseVkey(words[1]);
      if (![ED25519_COSIGNATURE, ML_DSA_44].includes(key.type)) throw new Error(W.policy.witnessType);
      fresh(key);
      define(words[0]);
      policy.witnesses.push({ name: words[0], key });
    },
    async group([name, threshold, ...group]) {
      if (group.length === 0) throw new Error(W.policy.group);
      const count = { all: group.length, any: 1 }[threshold] ?? (/^[1-9][0-9]{0,3}$/.test(threshold) ? Number(threshold) : 0);
      if (count < 1 || count > group.length) throw new Error(W.policy.threshold(group.length));
      for (const member of group) {
        if (member === 'none' || !names.has(member)) throw new Error(W.policy.unknown(member));
        if (members.has(member)) throw new Error(W.policy.twice(member));
        members.add(member);
      }
      define(name);
      policy.groups.push({ name, threshold: count, members: group });
    },
    async quorum(words) {
      if (words.length !== 1 || policy.quorum !== null) throw new Error(W.policy.quorum);
      if (!names.has(words[0])) throw new Error(W.policy.unknown(words[0]));
      [policy.quorum] = words;
    },
  };
  for (const [i, line] of lines.entries()) {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (words.length === 0 || words[0].startsWith('#')) continue;
    try {
      if (!Object.hasOwn(kinds, words[0])) throw new Error(W.policy.kind);
      await kinds[words[0]](words.slice(1));
    } catch (error) {
      faults.push(W.policy.fault(i + 1, error.message));
    }
  }
  if (policy.quorum === null) faults.push(W.policy.noQuorum);
  if (faults.length > 0) {
    throw new Refusal('E_MALFORMED', `${W.policy.faults(faults.length)} ${faults.join('; ')}`, { place: W.policy.place, fix: W.fix.policy });
  }
  return policy;
}

/**
 * Judge a head by the names whose cosignature was checked and those whose could only be read.
 * Returns { state: 'met' | 'open' | 'lacking', lacks }.
 */
export function judge(policy, checked, read) {
  const counted = (seen) => {
    const all = new Set(seen);
    for (const { name, threshold, members } of policy.groups) {
      if (members.filter((member) => all.has(member)).length >= threshold) all.add(name);
    }
    return all;
  };
  const isMet = (seen) => policy.quorum === 'none' || counted(seen).has(policy.quorum);
  if (isMet(checked)) return { state: 'met', lacks: '' };
  if (isMet([...checked, ...read])) return { state: 'open', lacks: '' };
  const all = counted([...checked, ...read]);
  const top = policy.groups.find((group) => group.name === policy.quorum);
  const have = top ? top.members.filter((member) => all.has(member)).length : 0;
  return { state: 'lacking', lacks: top ? W.policy.have(top.name, have, top.threshold) : W.policy.missing(policy.quorum) };
}

