/** The commands, as the help lists them. */
import type { Command } from './command.ts';
import { documentFlags, jsonFlag, listenFlags } from './flags.ts';

export const commands: readonly Command[] = [
  {
    name: 'serve',
    operands: [],
    summary: 'Start the gateway',
    flags: [
      ...listenFlags,
      { name: 'demo', help: 'Start the embedded example upstream and serve it' },
      {
        name: 'record',
        value: 'FILE',
        help: 'Append real calls to a file for compare --calls, without headers and secrets',
      },
      { name: 'watch', help: 'Reload when protos, rules or configuration change' },
    ],
    examples: [
      'tandem serve --demo',
      'tandem serve --proto protos --upstream 127.0.0.1:50051',
      'tandem serve --reflect --upstream 127.0.0.1:50051 --port 0',
    ],
    load: () => import('./serve.ts'),
  },
  {
    name: 'routes',
    operands: [],
    summary: 'Print the route table',
    flags: [jsonFlag],
    examples: ['tandem routes --proto protos', 'tandem routes --descriptor-set api.binpb --json'],
    load: () => import('./routes.ts'),
  },
  {
    name: 'openapi',
    operands: [],
    summary: 'Write the OpenAPI document',
    flags: [
      {
        name: 'out',
        short: 'o',
        value: 'FILE',
        help: 'Write to a file instead of standard output; with --per a folder',
      },
      { name: 'per', value: 'service|package', help: 'One document for each, in the folder that --out names' },
      { name: 'format', value: 'json|yaml', help: 'Default: by the ending of --out or --check, else json' },
      { name: 'openapi-version', value: '3.1|3.0', help: 'Default 3.1' },
      ...documentFlags,
      { name: 'check', value: 'FILE', help: 'Write nothing; exit 4 when the file is not what would be written' },
      { name: 'diff', value: 'OLD', help: 'Write nothing; name what changed since OLD, exit 1 when it breaks clients' },
      { name: 'json', help: 'Print the changes of --diff as JSON' },
    ],
    examples: [
      'tandem openapi --proto protos --out openapi.yaml',
      'tandem openapi --proto protos --per package --out openapi',
      'tandem openapi --proto protos --check openapi.json',
      'tandem openapi --proto protos --diff released.json',
    ],
    load: () => import('./openapi.ts'),
  },
  {
    name: 'client',
    operands: [],
    summary: 'Write a typed TypeScript client',
    flags: [
      { name: 'out', short: 'o', value: 'FILE', help: 'Write to a file instead of standard output' },
      { name: 'check', value: 'FILE', help: 'Write nothing; exit 4 when the file is not what would be written' },
    ],
    examples: ['tandem client --proto protos --out client.ts', 'tandem client --proto protos --check client.ts'],
    load: () => import('./client.ts'),
  },
  {
    name: 'explain',
    operands: ['METHOD', 'URL'],
    summary: 'Tell which rule a request meets and which message it becomes, without calling',
    flags: [
      { name: 'data', short: 'd', value: 'JSON', help: 'Body of the request' },
      {
        name: 'header',
        value: 'NAME: VALUE',
        isRepeatable: true,
        help: 'Header of the request: who calls, where that matters',
      },
      jsonFlag,
    ],
    examples: [
      'tandem explain --proto protos GET "/v1/shelves/1/books?page_size=5"',
      `tandem explain --proto protos POST /v1/shelves --data '{"theme":"SF"}'`,
    ],
    load: () => import('./explain.ts'),
  },
  {
    name: 'compare',
    operands: ['METHOD'],
    areOperandsOptional: true,
    summary: 'Call one RPC over REST, gRPC, gRPC-Web and Connect; compare the answers and measure',
    flags: [
      { name: 'data', short: 'd', value: 'JSON', help: 'The request message' },
      { name: 'header', short: 'H', value: 'NAME: VALUE', isRepeatable: true, help: 'Header sent with each call' },
      {
        name: 'calls',
        value: 'FILE',
        help: 'Compare many: a list of {"method": …, "data": {…}, "headers": {…}}, or what serve --record wrote',
      },
      {
        name: 'against',
        value: 'TARGET',
        help: 'Compare the upstream with another one, both by gRPC without the gateway',
      },
      { name: 'over', value: 'LIST', help: 'Of rest,grpc,grpc-direct,grpc-web,connect; default all' },
      { name: 'framing', value: 'array|ndjson|sse', help: 'Of a stream over REST; default array' },
      { name: 'runs', value: 'NUMBER', help: 'Measure so many calls over each' },
      { name: 'concurrency', value: 'NUMBER', help: 'Calls at a time; default 1' },
      { name: 'max-overhead-ms', value: 'NUMBER', help: 'Exit 1 when REST’s median is so much over that of gRPC' },
      { name: 'max-bytes', value: 'NUMBER', help: 'Exit 1 when a REST call and its answer take more bytes' },
      { name: 'html', value: 'FILE', help: 'Write a report that is one page' },
      { name: 'junit', value: 'FILE', help: 'Write a report for CI' },
      { name: 'demo', help: 'Compare on the embedded example' },
      jsonFlag,
    ],
    examples: [
      `tandem compare --demo Library.GetBook --data '{"name":"shelves/fiction/books/frankenstein"}' --runs 1000`,
      'tandem compare --reflect --upstream 127.0.0.1:50051 --calls calls.json --junit compare.xml',
    ],
    load: () => import('./compare.ts'),
  },
  {
    name: 'check',
    operands: [],
    summary: 'List what is wrong, and what is odd, in protos, rules and configuration',
    flags: [{ name: 'strict', help: 'Exit 4 when anything is odd' }, jsonFlag],
    examples: ['tandem check --proto protos', 'tandem check --config tandem.yaml --strict'],
    load: () => import('./check.ts'),
  },
  {
    name: 'keys',
    operands: [],
    summary: 'Make an API key, or a user for HTTP Basic, for the security of the configuration',
    flags: [
      { name: 'name', value: 'NAME', help: 'Whose key it is' },
      { name: 'user', value: 'NAME', help: 'Make a user and a password instead' },
      { name: 'stdin', help: 'Read the password of --user from standard input' },
      jsonFlag,
    ],
    examples: ['tandem keys --name billing', 'tandem keys --user ann'],
    load: () => import('./keys.ts'),
  },
];
