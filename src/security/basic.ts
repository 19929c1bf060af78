/**
 * HTTP Basic (RFC 7617): users with their passwords' scrypt hashes.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import {
  type Authenticator,
  authorizationOf,
  type Clock,
  invalidCredentials,
  isOfScheme,
  quoted,
} from './authenticator.ts';
import type { Identity } from './identity.ts';
import type { BasicOptions } from './options.ts';
import { isPassword } from './scrypt-hash.ts';
import { WrongAttempts } from './wrong-attempts.ts';

const VERIFIED_MS = 60_000;
const MAX_VERIFIED = 10_000;
const MAX_AT_ONCE = 4;
const MAX_WAITING = 100;

/** A verified password is known again for a minute by its HMAC under a key of this process. */
export function createBasic({ users }: BasicOptions, realm: string, clock: Clock): Authenticator {
  const challenge = `Basic realm=${quoted(realm)}, charset="UTF-8"`;
  const known = new Map(
    users.map(({ name, password, roles, scopes }) => {
      const identity: Identity = { subject: name, scheme: 'basic', roles: new Set(roles), scopes: new Set(scopes) };
      return [name, { password, identity }];
    }),
  );
  const verified = new Map<string, { readonly identity: Identity; readonly until: number }>();
  const running = new Map<string, Promise<Identity>>();
  const attempts = new WrongAttempts(clock.elapsed);
  const queue = new Queue();
  const secret = randomBytes(32);

  const isRight = async (name: string, password: string): Promise<boolean> => {
    // A name that nobody has takes as long.
    const stored = known.get(name)?.password ?? users[0]?.password;
    const isEqual = stored !== undefined && (await queue.run(() => isPassword(password, stored)));
    return isEqual && known.has(name);
  };
  const verify = async (name: string, password: string, address: string): Promise<Identity> => {
    const takeBack = attempts.begin(address);
    const isTrue = await isRight(name, password).catch((error) => {
      takeBack();
      throw error;
    });
    const user = known.get(name);
    if (!isTrue || user === undefined) throw invalidCredentials(challenge, 'wrong user or password');
    takeBack();
    return user.identity;
  };
  const keep = (key: string, identity: Identity): void => {
    for (const [oldest] of verified) {
      if (verified.size < MAX_VERIFIED) break;
      verified.delete(oldest);
    }
    verified.set(key, { identity, until: clock.elapsed() + VERIFIED_MS });
  };
  return {
    scheme: 'basic',
    challenge,
    isCredential: (name, value) => name === 'authorization' && isOfScheme(value, 'Basic'),
    async identify(caller) {
      const encoded = authorizationOf(caller, 'Basic');
      if (encoded === undefined) return undefined;
      const text = Buffer.from(encoded, 'base64').toString();
      const colon = text.indexOf(':');
      if (colon < 0) throw invalidCredentials(challenge, 'no Basic credentials');
      const key = createHmac('sha256', secret).update(text).digest('base64');
      const hit = verified.get(key);
      if (hit !== undefined && hit.until > clock.elapsed()) return hit.identity;
      verified.delete(key);
      let run = running.get(key);
      if (run === undefined) {
        run = verify(text.slice(0, colon), text.slice(colon + 1), caller.client?.address ?? '');
        running.set(key, run);
        void run
          .then((identity) => keep(key, identity))
          .catch(() => {})
          .finally(() => running.delete(key));
      }
      return await run;
    },
  };
}

/** Each verification holds tens of megabytes and a thread: few at once, and not endlessly many waiting. */
class Queue {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= MAX_AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new StatusError(GrpcCode.UNAVAILABLE, 'too many passwords to verify', {
          headers: [['retry-after', '1']],
        });
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return await work();
    } finally {
      // Who waits takes over the place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
