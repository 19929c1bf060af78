/** The door of the command: which command is meant, and which exit code an error is. */
import { readFileSync } from 'node:fs';
import { nearestName } from '../gateway/nearest-name.ts';
import { SchemaError } from '../schema/problem.ts';
import { type Command, CommandFailure, ExitCode, print, printError } from './command.ts';
import { commands } from './commands.ts';
import { generalFlags, parseArguments, settingFlags, UsageError } from './flags.ts';
import { commandHelp, globalHelp } from './help.ts';

/** Runs one command line (without `node` and the script) and gives its exit code. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  try {
    return await runCommand(args);
  } catch (error) {
    return report(error);
  }
}

async function runCommand([name, ...rest]: readonly string[]): Promise<ExitCode> {
  if (name === undefined) {
    printError(globalHelp());
    return ExitCode.usage;
  }
  if (name === '--version' || name === '-V') {
    print(version());
    return ExitCode.done;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    print(rest[0] === undefined ? globalHelp() : commandHelp(commandNamed(rest[0])));
    return ExitCode.done;
  }
  const command = commandNamed(name);
  const parsed = parseArguments(rest, [...command.flags, ...settingFlags, ...generalFlags]);
  if (parsed.flags.has('help')) {
    print(commandHelp(command));
    return ExitCode.done;
  }
  const { operands, areOperandsOptional = false } = command;
  const isLeftOut = areOperandsOptional && parsed.positionals.length === 0;
  if (!isLeftOut && parsed.positionals.length !== operands.length) {
    const wanted = operands.length === 0 ? 'no argument but flags' : operands.join(' and ');
    throw new UsageError(`${command.name} takes ${wanted}; got ${JSON.stringify(parsed.positionals.join(' '))}`);
  }
  const { run } = await command.load();
  return run(parsed);
}

function commandNamed(name: string): Command {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const names = commands.map((one) => one.name);
  const near = nearestName(name, names);
  const hint = near === undefined ? `commands are ${names.join(', ')}` : `did you mean ${near}?`;
  throw new UsageError(`${name}: unknown ${name.startsWith('-') ? 'flag' : 'command'}; ${hint}`);
}

function report(error: unknown): ExitCode {
  if (error instanceof UsageError) {
    printError(`tandem: ${error.message}\nSee tandem --help.`);
    return ExitCode.usage;
  }
  if (error instanceof SchemaError) {
    printError(error.message);
    return ExitCode.invalid;
  }
  // What the system refuses (a port in use) is one line; anything else is a bug, and its stack is what helps.
  const isPlain = error instanceof CommandFailure || (error instanceof Error && 'syscall' in error);
  printError(`tandem: ${isPlain ? error.message : error instanceof Error ? error.stack : String(error)}`);
  return ExitCode.failed;
}

/** The version in package.json, which lies above dist/. */
function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
