// A mailbox: what waits, and one delivery from its lease to its end. Nothing is acknowledged before it is stored.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { b64u, parseJson, Refusal } from './encoding.mjs';
import { open, parseContainer, verifyManifest } from './envelope.mjs';
import { verifyAct, verifyReceipt } from './log.mjs';
import { active, verifyRegistry } from './parties.mjs';

const LEASE_S = 300; // for fetching and opening one; `extend` prolongs it
const SECRETARIAT = 'SEC';

/** All that waits, oldest first: available, leased by somebody, or given up. */
export async function* waiting(exchange) {
  for (const state of ['available', 'leased', 'dead']) {
    for (let after = 0; ;) {
      const page = await exchange.json(`/v1/mailbox?after=${after}&limit=100&state=${state}`);
      if (page.items.length === 0) break;
      yield* page.items;
      after = page.next;
    }
  }
}

/** The next delivery, urgent ones first, as ours for a while; undefined when nothing is available. */
export async function lease(exchange, leaseS = LEASE_S) {
  const { leases } = await exchange.post('/v1/mailbox/leases', { max: 1, lease_s: leaseS });
  return leases[0];
}

/** Ends a delivery. `E_STATE`: the lease ran out, and it comes again or somebody else has it. */
export const acknowledge = (exchange, token) => exchange.post(`/v1/mailbox/leases/${token}/acknowledge`, {});

/** Gives a delivery back; it comes again after a pause, and is given up after some tries. */
export const release = (exchange, token, error) => exchange.post(`/v1/mailbox/leases/${token}/release`, { error });

/** Yields each delivery once it is verified, opened, stored under its number, and acknowledged. `home` has party, openers and trust. */
export async function* collect(exchange, home, folder) {
  for (let delivery = await lease(exchange); delivery !== undefined; delivery = await lease(exchange)) {
    if (!Number.isSafeInteger(delivery.seq)) throw new Refusal('E_MALFORMED', 'a delivery has a number'); // it names a folder
    const place = join(folder, String(delivery.seq));
    if (!existsSync(place)) { // else it was stored, and the answer to its acknowledgement was lost
      try {
        await store(exchange, home, delivery, place);
      } catch (error) {
        if (error instanceof Refusal) await release(exchange, delivery.lease, error.code).catch(() => {}); // it ends by itself, too
        throw error;
      }
    }
    await acknowledge(exchange, delivery.lease);
    yield delivery;
  }
}

/** The folder appears whole or not at all; what a broken line left in `.part` is gone on with. */
async function store(exchange, home, delivery, place) {
  const path = `/v1/envelopes/${encodeURIComponent(delivery.sender)}/${encodeURIComponent(delivery.id)}`;
  const [part, made] = [`${place}.part`, `${place}.new`];
  await fetchTo(exchange, `${path}/content`, part, `"${delivery.manifest}"`);
  const receipt = await exchange.bytes(`${path}/receipt`);
  let found;
  try {
    found = await opened(exchange, home, delivery, readFileSync(part), receipt);
  } catch (error) {
    if (error instanceof Refusal) rmSync(part); // begin anew next time
    throw error;
  }
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made);
  const files = { 'custody.json': receipt, content: found.content, kpc: found.kpc };
  for (const [name, data] of Object.entries(files)) writeFileSync(join(made, name), data, { flush: true });
  renameSync(part, join(made, 'container.dxe'));
  renameSync(made, place);
}

async function fetchTo(exchange, path, part, etag) {
  const begun = existsSync(part) ? statSync(part).size : 0;
  const answer = await exchange.content(path, begun, etag);
  const file = openSync(part, answer.status === 206 ? 'a' : 'w', 0o600);
  try {
    for await (const block of answer.body) writeSync(file, block);
  } finally {
    closeSync(file);
  }
}

/** The checks, in the page's order: what was listed, custody, the sender's keys at that place of the log, signatures, the slot, the body. */
async function opened(exchange, { party, openers, trust }, delivery, container, receipt) {
  const manifest = parseContainer(container);
  const { header, digest } = manifest;
  if (header.from !== delivery.sender || header.id !== delivery.id) throw new Refusal('E_INTEGRITY', 'not the envelope that was listed');
  const { reg } = verifyReceipt(receipt, digest, header.id, trust.vkeys);
  const proof = await exchange.json(`/v1/parties/${header.from}/proof?at=${reg}`);
  const { document, index } = verifyRegistry(proof, header.from, trust.registrars, trust.vkeys);
  if (index !== reg) throw new Refusal('E_INTEGRITY', 'keys of another place in the log');
  const pair = header.skid.map((kid) => active(document, 'sig').find((key) => key.kid === kid));
  if (pair.includes(undefined)) throw new Refusal('E_KEY', 'not signed by keys in force');
  verifyManifest(manifest, pair);
  const { kid } = header.to.find((to) => to.party === party) ?? {};
  const opener = openers.find((one) => one.kid === kid);
  if (opener === undefined) throw new Refusal('E_NOT_RECIPIENT', 'no slot for this party and these keys');
  return open(manifest, manifest.body, opener, party);
}

/** Verifies what the log proves of an envelope since it was accepted; `receipt` is null while the log owes its proof. */
export async function acts(exchange, sender, envelope, vkeys) {
  const { acts: views } = await exchange.json(`/v1/envelopes/${sender}/${envelope}/acts`);
  return views.map(({ type, t, party, receipt }) => {
    const proved = receipt && verifyAct(receipt, envelope, vkeys);
    if (proved && proved.type !== type) throw new Refusal('E_INTEGRITY', 'the receipt is of another act');
    return { type, t, party, index: proved?.index ?? null, detail: proved?.detail ?? null };
  });
}

/** Verifies that a delivery that was collected is the Secretariat's word on what was sent. Returns its members. */
export function verifyAnswer(folder, sentFolder, vkeys) {
  const sent = parseContainer(readFileSync(join(sentFolder, 'sent.dxe')));
  const { index } = verifyReceipt(readFileSync(join(sentFolder, 'receipt.json')), sent.digest, sent.header.id, vkeys);
  const { header } = parseContainer(readFileSync(join(folder, 'container.dxe')));
  const word = parseJson(readFileSync(join(folder, 'content')), 8 << 20);
  const kind = { 'receipt.opened': 'opened', 'receipt.outcome': 'outcome' }[header.type];
  if (header.from !== SECRETARIAT || kind === undefined || word.kind !== kind) throw new Refusal('E_CONTENT', 'no receipt of the Secretariat');
  const [wanted, found] = [[sent.header.id, sent.header.id, b64u(sent.digest), index], [header.irt, word.env, word.man, word.custody]];
  if (JSON.stringify(wanted) !== JSON.stringify(found)) throw new Refusal('E_INTEGRITY', 'it answers another envelope');
  return word;
}
