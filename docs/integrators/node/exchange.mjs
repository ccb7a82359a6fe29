// The exchange over HTTP: a token, a proof of possession with every request, one POST, one receipt.
import { randomBytes } from 'node:crypto';
import { ascii, b64u, canonical, sha256 } from './encoding.mjs';

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
    Object.assign(this, { base, clientId, signer, token: undefined });
  }

  async access() {
    if (this.token !== undefined) return this.token;
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
    this.token = (await good(answer).json()).access_token;
    return this.token;
  }

  async request(method, path, options = {}) {
    const token = await this.access();
    const url = `${this.base}${path}`;
    const headers = { ...options.headers, Authorization: `DPoP ${token}`, DPoP: proof(method, url, this.signer, token) };
    return fetch(url, { ...options, method, headers });
  }

  /** Deposits a container; returns the receipt's exact bytes. Safe to repeat with the same bytes, after any lost answer. */
  async deposit(container) {
    const headers = { 'Content-Type': 'application/vnd.dxe.v1' };
    for (let tries = 0; ; tries += 1) {
      const answer = await this.request('POST', '/v1/envelopes', { headers, body: container });
      if (answer.status === 201 || answer.status === 200) return Buffer.from(await answer.arrayBuffer());
      if (answer.status !== 202 || tries === 30) throw new Error(`${answer.status}: ${await answer.text()}`);
      await new Promise((wake) => setTimeout(wake, 1000 * Number(answer.headers.get('retry-after') ?? 2)));
    }
  }

  async json(path) {
    return good(await this.request('GET', path)).json();
  }
}

function good(answer) {
  if (!answer.ok) throw new Error(`${answer.status} from ${answer.url}`);
  return answer;
}
