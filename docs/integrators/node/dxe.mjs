#!/usr/bin/env node
// The command: vectors; open, seal, receipt; send, and what a mailbox needs.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Refusal } from './encoding.mjs';
import { commitmentKey, open, parseContainer, seal, verifyManifest } from './envelope.mjs';
import { Exchange } from './exchange.mjs';
import { openerOf, signerOf } from './keys.mjs';
import { parseVkey, verifyReceipt } from './log.mjs';
import { acknowledge, acts, collect, lease, release, verifyAnswer, waiting } from './mailbox.mjs';
import { active, verifyFirst, verifyRegistry } from './parties.mjs';

const USAGE = `dxe vectors FOLDER
dxe open FILE --keys FILE --sender S1 --as SEC/K1 [--out FILE]
dxe seal FILE --keys FILE --sender S1 --from NA-XAL --to SEC/K1,NA-XCE/K1 --out FILE
dxe receipt FILE --container FILE --vkeys FILE
dxe send FILE … --out FOLDER [--type declaration.annual --cty MEDIA-TYPE --class C2]
dxe mailbox …                               what waits
dxe collect … --out FOLDER                  lease, fetch, verify, open, store, acknowledge: all that waits
dxe lease … [--lease-s 300]                 the next delivery, as JSON
dxe acknowledge TOKEN … | dxe release TOKEN … --error TEXT
dxe acts SENDER/ID …                        what the log proves of an envelope
dxe answer FOLDER --sent FOLDER --trust FILE    that a collected receipt answers what was sent
… is --exchange URL --party NA-XAL --client NA-XAL/submit-1 --keys FILE --trust FILE`;
const OPTIONS = ['keys', 'sender', 'as', 'out', 'from', 'to', 'container', 'vkeys', 'exchange', 'party', 'client', 'trust',
  'type', 'cty', 'class', 'lease-s', 'error', 'sent'];

const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const hex = (text) => Buffer.from(text, 'hex');
const signersOf = (keys) => keys.map(({ alg, seed }) => signerOf(alg, hex(seed)));

function openFile(data, keys, sender, as) {
  const manifest = parseContainer(data);
  verifyManifest(manifest, keys.sig[sender]);
  const { alg, seed } = keys.seal[as];
  return { manifest, ...open(manifest, manifest.body, openerOf(alg, hex(seed)), as.split('/')[0]) };
}

// --- vectors -------------------------------------------------------------------------------------------------

function codeOf(work) {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return 'accepted';
}

function patched(base, patch) {
  return patch.reduce((data, { at, cut, put }) =>
    Buffer.concat([data.subarray(0, at), Buffer.from(put, 'base64'), data.subarray(at + cut)]), base);
}

function vectors(folder) {
  const [keys, good, refused, receipts, parties] = ['keys', 'containers', 'refused', 'receipts', 'parties']
    .map((name) => json(join(folder, `${name}.json`)));
  const container = (file) => readFileSync(join(folder, 'containers', file));
  let failed = 0;
  const expect = (name, wanted, found) => {
    if (wanted === found) return;
    failed += 1;
    console.log(`FAILED ${name}: ${found}, not ${wanted}`);
  };
  let count = 0;
  for (const one of good) {
    for (const as of one.recipients) {
      const opened = openFile(container(one.file), keys, one.sender, as);
      expect(`${one.file} for ${as}`, one.content_sha256, createHash('sha256').update(opened.content).digest('hex'));
      expect(`${one.file} content key`, one.cek, opened.cek.toString('hex'));
      expect(`${one.file} commitment key`, one.kpc, commitmentKey(opened.cek, opened.manifest.hh).toString('hex'));
      count += 1;
    }
  }
  for (const { name, code, base, patch } of refused) {
    expect(name, code, codeOf(() => openFile(patched(container(base), patch), keys, 'S1', 'SEC/K1')));
  }
  const vkeys = receipts.vkeys.map(parseVkey);
  const check = (text) => verifyReceipt(Buffer.from(text), hex(receipts.manifest_sha256), receipts.envelope, vkeys);
  expect('the receipt', JSON.stringify([6, 9]), JSON.stringify([check(receipts.good.receipt).index, check(receipts.good.receipt).size]));
  for (const { name, receipt, code } of receipts.refused) expect(name, code, codeOf(() => check(receipt)));
  const { document } = verifyFirst(parties.good, parties.registrars);
  expect('the party document', parties.sealing_kid, active(document, 'seal')[0].kid);
  for (const { name, document: text } of parties.refused) {
    expect(name, true, codeOf(() => verifyFirst(text, parties.registrars)) !== 'accepted');
  }
  const total = count + refused.length + receipts.refused.length + parties.refused.length + 2;
  console.log(`${total} vectors, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

// --- one envelope --------------------------------------------------------------------------------------------

function uuid7() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const fieldsOf = (from, { type = 'correspondence', class: marking = 'C1', cty = 'text/plain' } = {}) => ({
  id: uuid7(), from, type, class: marking, cty, created: `${new Date().toISOString().slice(0, 19)}Z`,
});

// --- over HTTP -----------------------------------------------------------------------------------------------

function trustOf(path) {
  const { registrars, log } = json(path);
  return { registrars, vkeys: log.vkeys.map(parseVkey) };
}

const exchangeOf = (options) => new Exchange(options.exchange, options.client, signersOf(json(options.keys).api)[0]);

async function send(file, options) {
  const { registrars, vkeys } = trustOf(options.trust);
  const exchange = exchangeOf(options);
  const { document } = verifyRegistry(await exchange.json('/v1/parties/SEC/proof'), 'SEC', registrars, vkeys);
  const [key] = active(document, 'seal');
  const signers = signersOf(json(options.keys).sig);
  const container = seal(readFileSync(file), fieldsOf(options.party, options), [{ party: 'SEC', ...key }], signers);
  const manifest = parseContainer(container);
  writeFileSync(join(options.out, 'sent.dxe'), container); // before its first byte leaves: a repeat sends the same
  const receipt = await exchange.deposit(container);
  const { index, size, t } = verifyReceipt(receipt, manifest.digest, manifest.header.id, vkeys);
  writeFileSync(join(options.out, 'receipt.json'), receipt);
  console.log(`${manifest.header.id} accepted at ${t}, log index ${index} of ${size}`);
}

const NETWORK = {
  send,
  async mailbox(_, options) {
    for await (const one of waiting(exchangeOf(options))) {
      console.log(`${one.seq} ${one.state} ${one.sender} ${one.id} ${one.type} ${one.size} bytes ${one.last_error}`.trimEnd());
    }
  },
  async collect(_, options) {
    const openers = json(options.keys).seal.map(({ alg, seed }) => openerOf(alg, hex(seed)));
    const home = { party: options.party, openers, trust: trustOf(options.trust) };
    for await (const one of collect(exchangeOf(options), home, options.out)) {
      console.log(`${one.seq} acknowledged ${one.sender} ${one.id} ${one.type}`);
    }
  },
  async lease(_, options) {
    console.log(JSON.stringify(await lease(exchangeOf(options), Number(options['lease-s'] ?? 300)) ?? null));
  },
  acknowledge: (token, options) => acknowledge(exchangeOf(options), token),
  release: (token, options) => release(exchangeOf(options), token, options.error),
  async acts(name, options) {
    const found = await acts(exchangeOf(options), ...name.split('/'), trustOf(options.trust).vkeys);
    for (const { type, t, party, index } of found) console.log(`${type} by ${party ?? 'the exchange'} at ${t}: ${index === null ? 'owed' : `log index ${index}`}`);
  },
};
const ALONE = ['mailbox', 'collect', 'lease'];

async function main() {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: Object.fromEntries(OPTIONS.map((name) => [name, { type: 'string' }])),
  });
  const [command, file] = positionals;
  if (file === undefined && !ALONE.includes(command)) throw new Error(USAGE);
  if (command === 'vectors') return vectors(file);
  if (Object.hasOwn(NETWORK, command)) {
    await NETWORK[command](file, options);
    return 0;
  }
  if (command === 'answer') {
    const { kind, verdict, t } = verifyAnswer(file, options.sent, trustOf(options.trust).vkeys);
    console.log(`${kind}: ${verdict} at ${t}`);
    return 0;
  }
  if (command === 'open') {
    const { content } = openFile(readFileSync(file), json(options.keys), options.sender, options.as);
    writeFileSync(options.out ?? 1, content);
    return 0;
  }
  if (command === 'seal') {
    const keys = json(options.keys);
    const recipients = options.to.split(',').map((name) => ({ party: name.split('/')[0], ...keys.seal[name] }));
    const signers = signersOf(keys.sig[options.sender]);
    writeFileSync(options.out, seal(readFileSync(file), fieldsOf(options.from), recipients, signers));
    return 0;
  }
  if (command === 'receipt') {
    const { digest, header } = parseContainer(readFileSync(options.container));
    const vkeys = json(options.vkeys).map(parseVkey);
    console.log(JSON.stringify(verifyReceipt(readFileSync(file), digest, header.id, vkeys)));
    return 0;
  }
  throw new Error(USAGE);
}

main().then((status) => {
  process.exitCode = status;
}, (error) => {
  console.error(error.message);
  process.exitCode = error instanceof Refusal ? 4 : 2;
});
