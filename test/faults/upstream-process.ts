/** An upstream of a ledger as a program: `upstream-process.js BOOK PORT`; prints its port. */
import { openSync, writeSync } from 'node:fs';
import { startLedgerUpstream } from './ledger-upstream.ts';

const [book = '', port] = process.argv.slice(2);
// Written before the call is answered, and whole: what was done is known whenever the process is killed.
const file = openSync(book, 'a');
const upstream = await startLedgerUpstream((execution) => writeSync(file, `${JSON.stringify(execution)}\n`), {
  port: Number(port),
});
console.log(upstream.port);
