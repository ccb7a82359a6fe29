// Party documents: who may add trust, and which keys are in force.
import { ascii, b64u, canonical, fromB64, fromB64u, parseJson, Refusal, sha256 } from './encoding.mjs';
import { parseJws } from './envelope.mjs';
import { algorithmOf, thumbprint, verify } from './keys.mjs';
import { leafHash, verifyInclusion, verifyProof } from './log.mjs';

const MAX_DOCUMENT = 262144;

/** Returns the payload of a first document: signed by its own root pair and by enough registrars, both halves each. */
export function verifyFirst(text, registrars) {
  const raw = Buffer.from(text);
  const jws = parseJws(raw, 'dxe-party+json', MAX_DOCUMENT);
  const document = parseJson(jws.payload, MAX_DOCUMENT);
  const roots = document.keys.filter((key) => key.use === 'root' && key.status === 'active').map((key) => key.jwk);
  const pairs = [roots, ...registrars.registrars.map((one) => one.keys)];
  const known = new Map(pairs.flat().map((jwk) => [thumbprint(jwk), jwk]));
  const signed = new Set();
  for (const one of jws.signatures) {
    const jwk = known.get(one.kid);
    if (jwk === undefined || algorithmOf(jwk) !== one.alg) throw new Refusal('E_KEY', 'by no root or registrar');
    verify(jwk, one.input, one.signature);
    signed.add(one.kid);
  }
  const complete = pairs.map((pair) => pair.length === 2 && pair.every((jwk) => signed.has(thumbprint(jwk))));
  const enough = complete.slice(1).filter(Boolean).length >= registrars.threshold;
  if (!complete[0] || !enough) throw new Refusal('E_SIGNATURE', 'adding trust needs the root pair and enough registrars');
  return { document, digest: sha256(raw) };
}

/** The keys of one use that are in force, as { kid, alg, jwk }. */
export const active = (document, use) =>
  document.keys.filter((key) => key.use === use && key.status === 'active')
    .map(({ kid, jwk }) => ({ kid, jwk, alg: algorithmOf(jwk) }));

/** Verifies `GET /v1/parties/{party}/proof` for a party with one version: document, state tree, log. */
export function verifyRegistry(proof, party, registrars, vkeys) {
  if (proof.documents.length !== 1) throw new Refusal('E_VERSION', 'this small reader follows no successions');
  const { document, digest } = verifyFirst(proof.documents[0], registrars);
  if (document.party !== party) throw new Refusal('E_INTEGRITY', 'the document of another party');
  const leaf = fromB64u(proof.entry);
  const { index } = verifyProof(leaf, proof.proof, vkeys);
  const entry = parseJson(leaf, 4096);
  const state = canonical({ party: document.party, ver: document.ver, doc: b64u(digest) });
  verifyInclusion(proof.position, proof.count, leafHash(ascii(state)), proof.path.map(fromB64), fromB64u(entry.state, 32));
  return { document, index };
}
