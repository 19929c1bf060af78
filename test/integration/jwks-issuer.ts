/** An issuer of tokens on the loopback: publishes keys and signs with them. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: PrivateKey;
  readonly publicJwk: Readonly<Record<string, unknown>>;
}

export async function makeKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export interface JwksIssuer {
  readonly url: string;
  /** How often keys were asked for. */
  readonly fetches: number;
  /** Published from now on. */
  publish(...keys: readonly SigningKey[]): void;
  /** Answers otherwise from now on; undefined: with the keys. */
  answer(listener: RequestListener | undefined): void;
}

/** It ends with `t`, a test or what else has an end. */
export async function startIssuer(
  t: { after(ending: () => unknown): void },
  ...first: readonly SigningKey[]
): Promise<JwksIssuer> {
  let keys = first;
  let listener: RequestListener | undefined;
  let fetches = 0;
  const server = createServer((request, response) => {
    fetches++;
    if (listener !== undefined) return listener(request, response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    get fetches() {
      return fetches;
    },
    publish: (...next) => {
      keys = next;
    },
    answer: (next) => {
      listener = next;
    },
  };
}

export const issuer = 'https://id.example';
export const audience = 'books';

/** A token that is right but for what `payload` and `header` change; a value of undefined leaves a claim out. */
export async function tokenOf(
  key: Pick<SigningKey, 'kid' | 'alg'> & { readonly privateKey: PrivateKey | Uint8Array },
  payload: Readonly<Record<string, unknown>> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: audience, sub: 'ann', iat: now, exp: now + 600, ...payload };
  const given = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return await new SignJWT(given).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
}

/** A token put together by hand, of parts that no library would sign. */
export function rawToken(header: unknown, payload: unknown, signature = ''): string {
  const encoded = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return `${encoded.join('.')}.${signature}`;
}
