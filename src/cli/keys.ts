/** `tandem keys`: a new API key or a user's password, shown once, and what the configuration keeps of it. */
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { digestOf, makeApiKey } from '../security/api-keys.ts';
import { hashPassword } from '../security/scrypt-hash.ts';
import { ExitCode, print, printError, printJson } from './command.ts';
import { type Arguments, UsageError } from './flags.ts';

/** A secret to hand over, undefined when its owner has it already, and the entry for the configuration. */
interface Made {
  readonly secret: string | undefined;
  readonly key: 'security.apiKeys.keys' | 'security.basic.users';
  readonly entry: Readonly<Record<string, string>>;
}

export async function run({ flags }: Arguments): Promise<ExitCode> {
  const user = flags.get('user') as string | undefined;
  if (user === undefined && flags.has('stdin')) throw new UsageError('--stdin: reads a password; name its --user');
  const made =
    user === undefined ? makeKey(String(flags.get('name') ?? 'NAME')) : await makeUser(user, flags.has('stdin'));
  const { secret, key, entry } = made;
  if (flags.has('json')) {
    printJson({ ...(secret !== undefined && { secret }), ...entry });
    return ExitCode.done;
  }
  if (secret !== undefined) print(secret);
  const pairs = Object.entries(entry).map(([name, value]) => `${name}: '${value.replaceAll("'", "''")}'`);
  print(`- { ${pairs.join(', ')} }`);
  printError(
    `${secret === undefined ? 'The' : 'The first line is shown this once. The other'} line belongs under ${key}`,
  );
  return ExitCode.done;
}

function makeKey(name: string): Made {
  const secret = makeApiKey();
  return { secret, key: 'security.apiKeys.keys', entry: { name, digest: `sha256:${digestOf(secret)}` } };
}

async function makeUser(name: string, isRead: boolean): Promise<Made> {
  const password = isRead ? (await text(process.stdin)).replace(/\r?\n$/, '') : randomBytes(18).toString('base64url');
  if (password === '') throw new UsageError('--stdin: no password there');
  const entry = { name, password: await hashPassword(password) };
  return { secret: isRead ? undefined : password, key: 'security.basic.users', entry };
}
