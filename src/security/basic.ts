/**
 * HTTP Basic (RFC 7617): users with their passwords' scrypt hashes.
 */
import { availableParallelism } from 'node:os';
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
import { Remembered } from './remembered.ts';
import { isPassword } from './scrypt-hash.ts';
import { WrongAttempts } from './wrong-attempts.ts';

/** One core is left to what calls need. */
const MAX_AT_ONCE = Math.max(1, Math.min(4, availableParallelism() - 1));
const MAX_WAITING = 100;

/** The same password is verified once at a time, and not again for a minute. */
export function createBasic({ users }: BasicOptions, realm: string, clock: Clock): Authenticator {
  const challenge = `Basic realm=${quoted(realm)}, charset="UTF-8"`;
  const byName = new Map(
    users.map(({ name, password, roles, scopes }) => {
      const grants = { roles: new Set(roles), scopes: new Set(scopes) };
      const identity: Identity = { subject: name, scheme: 'basic', ...grants, isLent: true };
      return [name, { password, identity }];
    }),
  );
  const remembered = new Remembered(clock.elapsed);
  const running = new Map<string, Promise<Identity>>();
  const attempts = new WrongAttempts(clock.elapsed);
  const queue = new Queue();

  const isRight = async (name: string, password: string): Promise<boolean> => {
    // A name that nobody has takes as long.
    const stored = byName.get(name)?.password ?? users[0]?.password;
    const isEqual = stored !== undefined && (await queue.run(() => isPassword(password, stored)));
    return isEqual && byName.has(name);
  };
  const verify = async (name: string, password: string, address: string): Promise<Identity> => {
    const takeBack = attempts.begin(address);
    const isTrue = await isRight(name, password).catch((error) => {
      takeBack();
      throw error;
    });
    const user = byName.get(name);
    if (!isTrue || user === undefined) throw invalidCredentials(challenge, 'wrong user or password');
    takeBack();
    return user.identity;
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
      const key = remembered.keyOf(text);
      const known = remembered.get(key);
      if (known !== undefined) return known;
      let run = running.get(key);
      if (run === undefined) {
        run = verify(text.slice(0, colon), text.slice(colon + 1), caller.client?.address ?? '');
        running.set(key, run);
        void run
          .then((identity) => remembered.keep(key, identity))
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
