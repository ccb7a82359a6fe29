// The exchange over HTTP: a token, a proof of possession with every request; deposits, and a mailbox's leases.
import { randomBytes } from 'node:crypto';
import { ascii, b64u, canonical, Refusal, sha256 } from './encoding.mjs';

const encode = (value) => b64u(ascii(canonical(value)));

function jwt(header, claims, signer) {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${b64u(signer.sign(ascii(input)))}`;
}

const now = () => Math.floor(Date.now() / 1000);
const jti = () => b64u(randomBytes(16));

function proof(method, url, signer, token) {
  const claims = { htm: method, htu: url, iat: now(), jti: jti(), ...(token && { ath: b64u(sha256(ascii(token))) }) };
  return jwt({ alg: 'Ed25519', typ: 'dpop+jwt', jwk: signer.jwk }, claims, signer);
}

export class Exchange {
  constructor(base, clientId, signer) {
    Object.assign(this, { base, clientId, signer, token: undefined, until: 0 });
  }

  async access() {
    if (now() < this.until) return this.token;
    const claims = { iss: this.clientId, sub: this.clientId, aud: this.base, iat: now(), exp: now() + 60, jti: jti() };
    const assertion = jwt({ alg: 'Ed25519', kid: this.signer.kid, typ: 'JWT' }, claims, this.signer);
    const url = `${this.base}/oauth/token`;
    const answer = await fetch(url, {
      method: 'POST',
      headers: { DPoP: proof('POST', url, this.signer) },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    });
    const { access_token: token, expires_in: lives } = await (await good(answer)).json();
    Object.assign(this, { token, until: now() + lives - 30 });
    return token;
  }

  async request(method, path, options = {}) {
    const token = await this.access();
    const url = `${this.base}${path}`;
    const address = url.split('?')[0]; // `htu` is without the query
    const headers = { ...options.headers, Authorization: `DPoP ${token}`, DPoP: proof(method, address, this.signer, token) };
    return fetch(url, { ...options, method, headers });
  }

  /** Deposits a container; returns the receipt's exact bytes. Safe to repeat with the same bytes, after any lost answer. */
  async deposit(container) {
    const headers = { 'Content-Type': 'application/vnd.dxe.v1' };
    for (let tries = 0; ; tries += 1) {
      const answer = await this.request('POST', '/v1/envelopes', { headers, body: container });
      if (answer.status === 201 || answer.status === 200) return Buffer.from(await answer.arrayBuffer());
      await good(answer);
      if (tries === 30) throw new Refusal('E_UNAVAILABLE', 'the receipt is not there yet: send the same bytes again');
      await new Promise((wake) => setTimeout(wake, 1000 * Number(answer.headers.get('retry-after') ?? 2)));
    }
  }

  async json(path) {
    return (await good(await this.request('GET', path))).json();
  }

  async bytes(path) {
    return Buffer.from(await (await good(await this.request('GET', path))).arrayBuffer());
  }

  /** Sends a JSON body; returns the answer's, undefined when it is empty. */
  async post(path, body) {
    const options = { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await good(await this.request('POST', path, options));
    return answer.status === 204 ? undefined : answer.json();
  }

  /** Asks for a container from its byte `begun` on; `etag` makes sure that the rest is of the same one. 206 is the rest, 200 the whole. */
  async content(path, begun, etag) {
    const headers = begun > 0 ? { Range: `bytes=${begun}-`, 'If-Range': etag } : {};
    return good(await this.request('GET', path, { headers }));
  }
}

/** Returns a good answer; a problem document is thrown as a refusal with its code. */
async function good(answer) {
  if (answer.ok) return answer;
  const text = await answer.text();
  let problem = {};
  try {
    problem = JSON.parse(text);
  } catch {
    // not from the exchange: something on the way there answered
  }
  const code = /^urn:dxe:error:(E_[A-Z_]+)$/.exec(problem.type)?.[1] ?? `HTTP ${answer.status}`;
  throw new Refusal(code, problem.detail ?? answer.url);
}
