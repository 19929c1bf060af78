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
