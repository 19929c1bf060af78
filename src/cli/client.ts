/** `tandem client`: a typed TypeScript client of everything that is served. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createClient } from '../client/create-client.ts';
import { ExitCode, print, printError } from './command.ts';
import { type Arguments, UsageError } from './flags.ts';
import { withGateway } from './open-gateway.ts';

export async function run(args: Arguments): Promise<ExitCode> {
  const out = args.flags.get('out') as string | undefined;
  const check = args.flags.get('check') as string | undefined;
  if (out !== undefined && check !== undefined)
    throw new UsageError('--out writes and --check does not; give one of them');
  const text = await withGateway(args, ({ generation }) => {
    const { protoNames, enumsAsNumbers } = generation.options.transcoding.json;
    return createClient(generation.table.bindings, { protoNames, enumsAsNumbers });
  });
  if (check !== undefined) return compare(check, text);
  if (out === undefined) print(text);
  else writeFileSync(out, text);
  return ExitCode.done;
}

function compare(file: string, text: string): ExitCode {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return ExitCode.done;
  printError(`${file}: is not what the protos give now; run tandem client --out ${file}`);
  return ExitCode.findings;
}
