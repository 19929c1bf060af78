#!/usr/bin/env node
import { main } from './cli/main.ts';

// Not process.exit: what was printed must reach a pipe first.
process.exitCode = await main(process.argv.slice(2));
