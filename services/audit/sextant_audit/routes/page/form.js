// The form that verifies a receipt. What the visitor brings stays in this page: the only questions it asks the log are
// for its own keys, when the visitor wants those, and for a head and a proof between two sizes, on a button of its own.
import { fromB64, Refusal } from './bytes.js';
import { ask, at, fill, make, rich, tell } from './parts.js';
import { MAX_ENVELOPE_HEAD } from './receipt.js';
import { readTrust } from './trust.js';
import { compareHeads, verifyReceipt } from './verify.js';
import { W } from './words.js';

const MAX_FILE = 128 * 2 ** 20;
const VALUES = new Set(['expected', 'received']);
const chosen = { receipt: null, keys: null };
const done = { head: null, trust: null };

export function setUpForm() {
  for (const name of ['receipt', 'keys']) {
    at(`${name}-file`).addEventListener('change', (event) => choose(name, event.target.files[0] ?? null));
    at(`${name}-text`).addEventListener('input', () => at(`${name}-text`).value && choose(name, null, true));
    takeDrops(name);
  }
  at('form').addEventListener('submit', (event) => {
    event.preventDefault();
    verify();
  });
  at('form').addEventListener('reset', clear);
  at('compare-now').addEventListener('click', compare);
  if (globalThis.crypto?.subtle === undefined) {
    tell('problem', [W.page.insecure]);
    at('check').disabled = true;
  }
}

function choose(name, file, isText = false) {
  chosen[name] = file;
  if (file !== null) at(`${name}-text`).value = '';
  if (isText) at(`${name}-file`).value = '';
  fill(`${name}-chosen`, file ? W.page.chosen(file.name, file.size) : isText ? W.page.pasted : W.page.cleared);
}

function takeDrops(name) {
  const box = at(`${name}-field`);
  const over = (event, is) => {
    event.preventDefault();
    box.classList.toggle('over', is);
  };
  box.addEventListener('dragover', (event) => over(event, true));
  box.addEventListener('dragleave', (event) => over(event, false));
  box.addEventListener('drop', (event) => {
    over(event, false);
    const file = event.dataTransfer.files[0];
    const text = event.dataTransfer.getData('text/plain');
    if (file !== undefined) {
      at(`${name}-file`).value = '';
      choose(name, file);
    } else if (text !== '') {
      at(`${name}-text`).value = text;
      choose(name, null, true);
    }
  });
}

function clear() {
  for (const name of ['receipt', 'keys']) choose(name, null);
  Object.assign(done, { head: null, trust: null });
  fill('problem');
  at('result').hidden = true;
}

const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

async function receiptGiven() {
  const [file, text] = [chosen.receipt, at('receipt-text').value];
  if (file === null && text.trim() === '') throw new Refusal('', W.page.needReceipt);
  if (file === null) return { data: new TextEncoder().encode(text), pasted: true };
  if (file.size > MAX_FILE) throw new Refusal('', W.page.tooLarge);
  return { data: await bytesOf(file), pasted: false };
}

async function keysGiven() {
  const [file, text] = [chosen.keys, at('keys-text').value];
  if (file !== null) return { trust: await readTrust(await file.text()), served: false };
  if (text.trim() !== '') return { trust: await readTrust(text), served: false };
  if (!at('keys-served').checked) throw new Refusal('', W.page.needKeys);
  const found = await ask('/.well-known/sextant-log', 'json').catch((error) => {
    throw new Refusal('', W.page.failed(W.page.keys, error.message));
  });
  return { trust: await readTrust(JSON.stringify(found)), served: true };
}

async function verify() {
  at('result').hidden = true;
  Object.assign(done, { head: null, trust: null });
  const [receipt, keys] = await Promise.all([receiptGiven().catch(refusal), keysGiven().catch(refusal)]);
  const problems = [receipt, keys].filter((each) => each instanceof Refusal);
  tell('problem', problems.map(sentence));
  if (problems.length > 0) return;
  const envelope = at('envelope-file').files[0];
  const found = await verifyReceipt({
    ...receipt, trust: keys.trust, entry: at('entry-text').value,
    envelope: envelope ? await bytesOf(envelope.slice(0, MAX_ENVELOPE_HEAD)) : null,
  });
  show(found, keys);
}

function refusal(error) {
  if (error instanceof Refusal) return error;
  throw error;
}

const sentence = ({ message, place, expected, received, fix }) => [
  message, place && `${W.labels.place}: ${place}`, expected && `${W.labels.expected}: ${expected}`,
  received && `${W.labels.received}: ${received}`, fix,
].filter(Boolean).join(' · ');

function show(found, { trust, served }) {
  const heading = at('verdict');
  heading.className = found.verdict;
  fill('verdict', make('span', { class: 'mark', 'aria-hidden': 'true' }, W.marksOfVerdict[found.verdict]), make('span', {}, found.headline));
  const isCose = found.verdict === 'holds' && found.facts.kind === 'cose';
  fill('verdict-more', ...rich(W.afterVerdict[isCose ? 'cose' : found.verdict]));
  at('verdict-keys').hidden = !served;
  fill('verdict-keys', W.afterVerdict.servedKeys);
  fill('checks', ...found.checks.map(itemOf));
  fill('comparison');
  const comparable = found.verdict !== 'refused' && found.head !== undefined && found.facts.origin === trust.origin;
  at('compare').hidden = !comparable;
  if (comparable) {
    Object.assign(done, { head: found.head, trust });
    fill('compare-help', W.page.comparing(found.head.size, trust.pinned !== null));
  }
  at('result').hidden = false;
  heading.focus();
}

function itemOf(check) {
  const heading = make('h4', {}, [`${check.title}: `, make('span', { class: 'state' }, W.states[check.state])]);
  const body = make('div', {}, [heading, make('p', {}, check.detail)]);
  const why = ['code', 'place', 'expected', 'received', 'fix'].filter((name) => check[name] !== '');
  const said = (name) => make('dd', { class: VALUES.has(name) ? 'mono' : '' }, name === 'fix' ? rich(check[name]) : check[name]);
  if (why.length > 0) {
    body.append(make('dl', { class: 'why' }, why.flatMap((name) => [make('dt', {}, W.labels[name]), said(name)])));
  }
  return make('li', { class: check.state, 'data-check': check.id }, [make('span', { class: 'mark', 'aria-hidden': 'true' }, W.marks[check.state]), body]);
}

async function compare() {
  const { head, trust } = done;
  const prove = async (first, second) => {
    const proof = await ask(`/v1/proofs/consistency?first=${first}&second=${second}`, 'json');
    return proof.path.map((hash) => fromB64(hash, { size: 32, place: W.continuity.proof }));
  };
  try {
    fill('comparison', ...(await compareHeads(head, await ask('/checkpoint', 'text'), trust, prove)).map(itemOf));
  } catch (error) {
    tell('problem', [W.page.failed(W.page.head, error.message)]);
  }
}
