// Runs the page's own verifier over cases: `node run.mjs <folder of the modules>`, cases on stdin, results on stdout.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const load = (name) => import(new URL(name, pathToFileURL(`${process.argv[2]}/`)));
const [{ readTrust, parsePolicy, judge }, { verifyReceipt, compareHeads }, { parseCheckpoint }, { fromB64 }, { ticks, steps }] = await Promise.all(
  ['trust.js', 'verify.js', 'notes.js', 'bytes.js', 'chart.js'].map(load),
);
const bytes = (encoded) => (encoded === null || encoded === undefined ? null : Uint8Array.from(Buffer.from(encoded, 'base64')));

const RUN = {
  async receipt({ data, pasted, trust, entry, envelope }) {
    const found = await verifyReceipt({
      data: bytes(data), pasted, trust: trust === null ? null : await readTrust(trust), entry, envelope: bytes(envelope),
    });
    return { verdict: found.verdict, headline: found.headline, checks: found.checks };
  },
  async heads({ own, published, path, trust }) {
    const asked = [];
    const prove = async (first, second) => {
      asked.push([String(first), String(second)]);
      return path.map((hash) => fromB64(hash));
    };
    const checks = await compareHeads(parseCheckpoint(own, ''), published, await readTrust(trust), prove);
    return { checks, asked };
  },
  async trust({ trust }) {
    const { origin, policy } = await readTrust(trust);
    return { origin, witnesses: policy?.witnesses.map((witness) => witness.name) ?? null };
  },
  async judge({ policy, checked, read }) {
    return judge(await parsePolicy(policy), checked, read);
  },
  async chart({ most, points, until }) {
    return { ticks: ticks(most), steps: steps(points, until) };
  },
};

const results = [];
for (const { run, ...given } of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    results.push(await RUN[run](given));
  } catch (error) {
    if (error.code === undefined) throw error; // a refusal has a code; anything else is a fault of the page
    const { code, message, place, expected, received, fix } = error;
    results.push({ refused: { code, message, place, expected, received, fix } });
  }
}
process.stdout.write(JSON.stringify(results));
