/**
 * Passwords as they are stored: `$scrypt$ln=15,r=8,p=1$SALT$HASH`, salt and hash in base64 without padding.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { ScryptHash } from './options.ts';

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);
const pattern = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43,86})$/;

/** More would take more than 256 MiB or some seconds for one password; less is no hindrance. */
const isBearable = (cost: number, blockSize: number, parallelization: number): boolean =>
  cost >= 10 && cost <= 18 && blockSize >= 1 && blockSize <= 8 && parallelization >= 1 && parallelization <= 8;

/** Undefined for a text that is not of this form. */
export function parseScryptHash(text: string): ScryptHash | undefined {
  const [, ...parts] = pattern.exec(text) ?? [];
  const [cost, blockSize, parallelization] = parts.map(Number);
  if (cost === undefined || blockSize === undefined || parallelization === undefined) return undefined;
  const [salt, hash] = parts.slice(3).map((part) => Uint8Array.from(Buffer.from(part, 'base64')));
  if (salt === undefined || hash === undefined || !isBearable(cost, blockSize, parallelization)) return undefined;
  return { cost, blockSize, parallelization, salt, hash };
}

/** The stored form of a new password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await scryptOf(password, { cost: 15, blockSize: 8, parallelization: 1, salt, hash: new Uint8Array(32) });
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=15,r=8,p=1$${text(salt)}$${text(hash)}`;
}

/** Takes tens of milliseconds, on another thread. */
export async function isPassword(password: string, stored: ScryptHash): Promise<boolean> {
  return timingSafeEqual(await scryptOf(password, stored), stored.hash);
}

function scryptOf(password: string, { cost, blockSize, parallelization, salt, hash }: ScryptHash): Promise<Buffer> {
  const N = 2 ** cost;
  const options = { N, r: blockSize, p: parallelization, maxmem: 129 * N * blockSize + 2 ** 20 };
  return derive(password.normalize('NFC'), salt, hash.length, options);
}
