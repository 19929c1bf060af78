/** TypeScript, which here is JavaScript as well. */
import type { MessageDescriptor } from '../../schema/descriptors.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import { protobufjsObject } from './protobufjs-object.ts';
import {
  hostOf,
  isTls,
  lowerFirst,
  nestedNames,
  quoted,
  restHeaders,
  type Snippet,
  type SnippetCall,
  stemOf,
} from './snippet.ts';

/** By REST. */
export function fetchCode(call: SnippetCall): Snippet | undefined {
  const { rest, origin, method } = call;
  if (rest === undefined) return undefined;
  const body = rest.body.length > 0 ? [`  body: ${quoted(Buffer.from(rest.body).toString())},`] : [];
  const read = method.isServerStreaming
    ? [
        "let rest = '';",
        'for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {',
        "  const lines = (rest + chunk).split('\\n');",
        "  rest = lines.pop() ?? '';",
        '  for (const line of lines) console.log(line);',
        '}',
      ]
    : ['console.log(JSON.stringify(await response.json()));'];
  const code = [
    `const response = await fetch(${quoted(origin + rest.target)}, {`,
    `  method: ${quoted(rest.method)},`,
    `  headers: ${JSON.stringify(Object.fromEntries(restHeaders(call)))},`,
    ...body,
    '});',
    'if (!response.ok) throw new Error(await response.text());',
    ...read,
  ];
  return { id: 'fetch', title: 'TypeScript, fetch', needs: 'Node.js 20 or a browser', code: code.join('\n') };
}

/** By gRPC, without generated code. */
export function grpcJs(call: SnippetCall): Snippet {
  const { method, messages, headers } = call;
  const { service, isClientStreaming, isServerStreaming } = method;
  const objects = messages.map((message) => JSON.stringify(protobufjsObject(message, method.input)));
  const made = `client.${method.name}(${isClientStreaming ? '' : 'request, '}metadata`;
  const answer = [
    '(error, reply) => {',
    '  client.close();',
    '  if (error) throw error;',
    '  console.log(JSON.stringify(reply));',
    '});',
  ];
  const show = 'console.log(JSON.stringify(reply));';
  const code = [
    "import { credentials, makeGenericClientConstructor, Metadata } from '@grpc/grpc-js';",
    "import { loadSync } from '@grpc/proto-loader';",
    '',
    `const definition = loadSync(${quoted(method.file.name)}, {`,
    "  includeDirs: ['protos', 'node_modules/google-proto-files'],",
    '  longs: String,',
    '  enums: String,',
    '});',
    `const Client = makeGenericClientConstructor(definition[${quoted(service.fullName)}], ${quoted(service.name)});`,
    `const client = new Client(${quoted(hostOf(call))}, credentials.create${isTls(call) ? 'Ssl' : 'Insecure'}());`,
    'const metadata = new Metadata();',
    ...headers.map(([name, value]) => `metadata.set(${quoted(name)}, ${quoted(value)});`),
    ...(isClientStreaming
      ? [
          `const call = ${isServerStreaming ? `${made});` : `${made}, ${answer[0]}`}`,
          ...(isServerStreaming ? [] : answer.slice(1)),
          ...objects.map((object) => `call.write(${object});`),
          'call.end();',
          ...(isServerStreaming ? [`for await (const reply of call) ${show}`, 'client.close();'] : []),
        ]
      : [
          `const request = ${objects[0]};`,
          ...(isServerStreaming
            ? [`for await (const reply of ${made})) ${show}`, 'client.close();']
            : [`${made}, ${answer[0]}`, ...answer.slice(1)]),
        ]),
  ];
  return {
    id: 'grpc-js',
    title: 'TypeScript, @grpc/grpc-js',
    needs: 'npm install @grpc/grpc-js @grpc/proto-loader google-proto-files; your protos in protos/',
    code: code.join('\n'),
  };
}

/** By Connect, from a browser, with code that protoc-gen-es has generated. Browsers send no streams of requests. */
export function connectWeb(call: SnippetCall): Snippet | undefined {
  const { method, messages, headers, origin } = call;
  if (method.isClientStreaming) return undefined;
  const schemas = [method.input, method.output].map((type) => `${nestedNames(type).join('_')}Schema`);
  const [input, output] = schemas;
  const given = headers.length === 0 ? '' : `, { headers: ${JSON.stringify(Object.fromEntries(headers as Metadata))} }`;
  const made = `client.${lowerFirst(method.name)}(fromJson(${input}, ${JSON.stringify(messages[0])})${given})`;
  const show = `console.log(toJson(${output}, reply));`;
  const code = [
    "import { fromJson, toJson } from '@bufbuild/protobuf';",
    "import { createClient } from '@connectrpc/connect';",
    "import { createConnectTransport } from '@connectrpc/connect-web';",
    ...importsOf(method.service.name, method.file.name, [method.input, method.output]),
    '',
    `const transport = createConnectTransport({ baseUrl: ${quoted(origin)}, useBinaryFormat: true });`,
    `const client = createClient(${method.service.name}, transport);`,
    ...(method.isServerStreaming
      ? [`for await (const reply of ${made}) ${show}`]
      : [`const reply = await ${made};`, show]),
  ];
  return {
    id: 'connect-web',
    title: 'TypeScript, connect-web',
    needs:
      'npm install @bufbuild/protobuf @connectrpc/connect @connectrpc/connect-web; buf generate with protoc-gen-es into gen/',
    code: code.join('\n'),
  };
}

function importsOf(service: string, serviceFile: string, types: readonly MessageDescriptor[]): readonly string[] {
  const names = new Map([[serviceFile, new Set([service])]]);
  for (const type of types) {
    const own = names.get(type.file.name) ?? new Set();
    names.set(type.file.name, own.add(`${nestedNames(type).join('_')}Schema`));
  }
  return [...names].map(([file, all]) => {
    const wellKnown = file.startsWith('google/protobuf/') ? '@bufbuild/protobuf/wkt' : `./gen/${stemOf(file)}_pb.js`;
    return `import { ${[...all].sort().join(', ')} } from '${wellKnown}';`;
  });
}
