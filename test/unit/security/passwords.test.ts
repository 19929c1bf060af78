/** Passwords: their stored form, how often an address may guess, and how long a right one is remembered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBasic } from '../../../src/security/basic.ts';
import { hashPassword, isPassword, parseScryptHash } from '../../../src/security/scrypt-hash.ts';
import { WrongAttempts } from '../../../src/security/wrong-attempts.ts';
import { StatusError } from '../../../src/status/status-error.ts';

test('a password is its hash’s, whichever way its accents are written, and no other', async () => {
  const stored = parseScryptHash(await hashPassword('sécret'));
  assert.ok(stored);
  assert.deepEqual(
    await Promise.all(['sécret', 'se\u0301cret', 'secret', 'Sécret', ''].map((word) => isPassword(word, stored))),
    [true, true, false, false, false],
  );
});

// A test vector of RFC 7914, section 12.
test('a hash that others made', async () => {
  const hash = Buffer.from(
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    'hex',
  );
  const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  const text = `$scrypt$ln=14,r=8,p=1$${unpadded(Buffer.from('SodiumChloride'))}$${unpadded(hash)}`;
  const stored = parseScryptHash(text);
  assert.ok(stored);
  assert.equal(await isPassword('pleaseletmein', stored), true);
});

const salt = 'A'.repeat(22);
const hash = 'A'.repeat(43);
for (const text of [
  '',
  'secret',
  `$scrypt$ln=15,r=8,p=1$${salt}$`,
  `$scrypt$ln=15,r=8,p=1$${salt}$${hash.slice(1)}`,
  `$scrypt$ln=15,r=8,p=1$short$${hash}`,
  `$scrypt$ln=9,r=8,p=1$${salt}$${hash}`,
  `$scrypt$ln=19,r=8,p=1$${salt}$${hash}`,
  `$scrypt$ln=15,r=9,p=1$${salt}$${hash}`,
  `$scrypt$ln=15,r=0,p=1$${salt}$${hash}`,
  `$scrypt$ln=15,r=8,p=9$${salt}$${hash}`,
  `$scrypt$ln=15,r=8,p=1$${salt}$${hash}\n`,
  `$argon2id$v=19$m=65536,t=3,p=4$${salt}$${hash}`,
  '$2b$12$abcdefghijklmnopqrstuuJ7n8Wn',
]) {
  test(`no hash that is taken: ${JSON.stringify(text)}`, () => assert.equal(parseScryptHash(text), undefined));
}

test('ten guesses in a minute by address, and of IPv6 by /64', () => {
  let elapsed = 0;
  const attempts = new WrongAttempts(() => elapsed);
  const guesses = (address: string, count: number): number => {
    for (let guess = 0; guess < count; guess++) {
      try {
        attempts.begin(address);
      } catch (error) {
        assert.ok(error instanceof StatusError && error.httpStatus === 429);
        return guess;
      }
    }
    return count;
  };
  assert.equal(guesses('192.0.2.1', 11), 10);
  assert.equal(guesses('::ffff:192.0.2.1', 1), 0);
  assert.equal(guesses('192.0.2.2', 1), 1);
  assert.equal(guesses('2001:db8:1:2::1', 6), 6);
  assert.equal(guesses('2001:db8:1:2:ffff::', 6), 4);
  assert.equal(guesses('2001:db8:1:3::1', 1), 1);
  elapsed = 59_999;
  assert.equal(guesses('192.0.2.1', 1), 0);
  elapsed = 60_000;
  assert.equal(guesses('192.0.2.1', 11), 10);
});

test('a right password is verified once in a minute, also when it comes twice at a time', async () => {
  const password = parseScryptHash(await hashPassword('secret'));
  assert.ok(password);
  let elapsed = 0;
  const clock = { elapsed: () => elapsed, wall: () => 0 };
  const basic = createBasic({ users: [{ name: 'ann', password, roles: [], scopes: [] }] }, 'tandem', clock);
  const headers = { authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}` };
  const caller = { request: { target: '/', headers }, client: undefined };
  const [first, second] = await Promise.all([basic.identify(caller), basic.identify(caller)]);
  assert.equal(first, second);
  elapsed = 59_999;
  // What is remembered is there at once; verifying takes a thread and a while.
  const isKnown = (): Promise<boolean> =>
    Promise.race([
      Promise.resolve(basic.identify(caller)).then(() => true),
      new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
    ]);
  assert.equal(await isKnown(), true);
  elapsed = 60_000;
  assert.equal(await isKnown(), false);
});
