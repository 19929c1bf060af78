/** The help texts, made from the table of commands. */
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { type Flag, generalFlags, settingFlags } from './flags.ts';

const exitCodes = `Exit codes
  0  done
  1  failed: a call, or nothing matches
  2  wrong usage
  3  protos, rules or configuration are wrong; every problem is listed
  4  findings under --strict or --check`;

/** `tandem --help` */
export function globalHelp(): string {
  const lines = columns(
    commands.map(({ name, operands, summary }) => [['tandem', name, ...operands].join(' '), summary]),
  );
  return `Tandem serves annotated gRPC services as REST.

Commands
${lines}

Flags of every command
${flagLines([...settingFlags, ...generalFlags])}
  A flag wins over the configuration file, the file over the environment (TANDEM_PORT, TANDEM_LIMITS__BODY_BYTES).

${exitCodes}

tandem COMMAND --help tells more; tandem --version prints the version.
`;
}

/** `tandem serve --help` */
export function commandHelp({ name, operands, summary, flags, examples }: Command): string {
  return `${summary}.

Usage
  ${['tandem', name, '[flags]', ...operands].join(' ')}

Flags
${flagLines([...flags, ...settingFlags, ...generalFlags])}

Examples
${examples.map((example) => `  ${example}`).join('\n')}

${exitCodes}
`;
}

function flagLines(flags: readonly Flag[]): string {
  return columns(
    flags.map(({ name, short, value, isRepeatable, help }) => [
      `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
      isRepeatable ? `${help} (repeatable)` : help,
    ]),
  );
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
