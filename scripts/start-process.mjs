// Starts a program that says when it is ready, and ends it again. For every script that runs the gateway
// or an upstream from outside.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a program may take to end after SIGTERM. */
const END_MS = 5_000;

/**
 * Resolves once what it prints matches `ready`, with the match. Rejects with all that the program said when it ends before or
 * is not ready in time. `stop` asks it to end, insists after a while, and resolves to its exit code or signal; so does `exit`, whoever ends it.
 */
export async function startProcess(command, args, { ready, timeoutMs = 20_000, ...options }) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'close')
    .then(([code, signal]) => `ended with ${code ?? signal}`)
    .catch((error) => error.message)
    .finally(() => process.off('exit', kill));
  let output = '';
  const isReady = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        // A benchmark may make it say a lot; the beginning is what matters.
        if (output.length < 1_000_000) output += text;
        if (ready.test(output)) resolve();
      });
    }
  });
  const late = sleep(timeoutMs, `not ready in ${timeoutMs} ms`, { ref: false });
  const problem = await Promise.race([isReady, ended, late]);
  if (problem !== undefined) {
    kill();
    throw new Error(`${command} ${args.join(' ')}: ${problem}\n${output}`);
  }
  const exit = ended.then(() => child.exitCode ?? child.signalCode);
  const stop = async () => {
    child.kill('SIGTERM');
    const insist = setTimeout(kill, END_MS);
    return await exit.finally(() => clearTimeout(insist));
  };
  return { match: ready.exec(output), pid: child.pid, output: () => output, exit, stop };
}

/** The command `tandem serve` of this checkout, on a free port where none is given, with its `url`. */
export async function startTandem(args, options = {}) {
  const { command = process.execPath, program = ['dist/cli.js'], port = 0, ...rest } = options;
  const ready = /^tandem listening on (http\S+)$/m;
  const started = await startProcess(command, [...program, 'serve', '--port', String(port), ...args], {
    ready,
    ...rest,
  });
  return { ...started, url: started.match[1] };
}
