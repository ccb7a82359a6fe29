#!/usr/bin/env node
// The command: vectors, open, seal, receipt, send.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Refusal } from './encoding.mjs';
import { commitmentKey, open, parseContainer, seal, verifyManifest } from './envelope.mjs';
import { Exchange } from './exchange.mjs';
import { openerOf, signerOf } from './keys.mjs';
import { parseVkey, verifyReceipt } from './log.mjs';
import { active, verifyFirst, verifyRegistry } from './parties.mjs';

const USAGE = `dxe vectors FOLDER
dxe open FILE --keys FILE --sender S1 --as SEC/K1 [--out FILE]
dxe seal FILE --keys FILE --sender S1 --from NA-XAL --to SEC/K1,NA-XCE/K1 --out FILE
dxe receipt FILE --container FILE --vkeys FILE
dxe send FILE --exchange URL --party NA-XAL --client NA-XAL/submit-1 --keys FILE --trust FILE --out FOLDER`;

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

const fieldsOf = (from) => ({
  id: uuid7(), from, type: 'correspondence', class: 'C1', cty: 'text/plain',
  created: `${new Date().toISOString().slice(0, 19)}Z`,
});

async function send(file, options) {
  const trust = json(options.trust);
  const vkeys = trust.log.vkeys.map(parseVkey);
  const keys = json(options.keys);
  const exchange = new Exchange(options.exchange, options.client, signersOf(keys.api)[0]);
  const proof = await exchange.json('/v1/parties/SEC/proof');
  const { document } = verifyRegistry(proof, trust.registrars, vkeys);
  const [key] = active(document, 'seal');
  const container = seal(readFileSync(file), fieldsOf(options.party), [{ party: 'SEC', ...key }], signersOf(keys.sig));
  const manifest = parseContainer(container);
  writeFileSync(join(options.out, 'sent.dxe'), container); // before its first byte leaves: a repeat sends the same
  const receipt = await exchange.deposit(container);
  const { index, size, t } = verifyReceipt(receipt, manifest.digest, manifest.header.id, vkeys);
  writeFileSync(join(options.out, 'receipt.json'), receipt);
  console.log(`${manifest.header.id} accepted at ${t}, log index ${index} of ${size}`);
  return 0;
}

async function main() {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: Object.fromEntries(['keys', 'sender', 'as', 'out', 'from', 'to', 'container', 'vkeys', 'exchange', 'party', 'client', 'trust']
      .map((name) => [name, { type: 'string' }])),
  });
  const [command, file] = positionals;
  if (file === undefined) throw new Error(USAGE);
  if (command === 'vectors') return vectors(file);
  if (command === 'send') return send(file, options);
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
