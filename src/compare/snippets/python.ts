/** Python. */
import {
  hostOf,
  isTls,
  jsonLiterals,
  nestedNames,
  quoted,
  restHeaders,
  type Snippet,
  type SnippetCall,
} from './snippet.ts';

/** By REST. */
export function requestsCode(call: SnippetCall): Snippet | undefined {
  const { rest, origin, method } = call;
  if (rest === undefined) return undefined;
  const body = rest.body.length > 0 ? [`    data=${quoted(Buffer.from(rest.body).toString())}.encode(),`] : [];
  const code = [
    'import requests',
    '',
    `response = requests.request(`,
    `    ${quoted(rest.method)},`,
    `    ${quoted(origin + rest.target)},`,
    `    headers=${JSON.stringify(Object.fromEntries(restHeaders(call)))},`,
    ...body,
    ...(method.isServerStreaming ? ['    stream=True,'] : []),
    ')',
    'response.raise_for_status()',
    ...(method.isServerStreaming
      ? ['for line in response.iter_lines():', '    print(line.decode())']
      : ['print(response.text)']),
  ];
  return { id: 'python-requests', title: 'Python, requests', needs: 'pip install requests', code: code.join('\n') };
}

/** By gRPC, its modules generated as they are loaded. */
export function grpcio(call: SnippetCall): Snippet {
  const { method, headers } = call;
  const { input, file, service, isClientStreaming } = method;
  const others = input.file === file ? [] : [`messages = grpc.protos(${quoted(input.file.name)})`];
  const type = `${input.file === file ? 'protos' : 'messages'}.${nestedNames(input).join('.')}`;
  const metadata =
    headers.length === 0
      ? ''
      : `, metadata=[${headers.map(([name, value]) => `(${quoted(name)}, ${quoted(value)})`).join(', ')}]`;
  const made = `stub.${method.name}(${isClientStreaming ? 'iter(requests)' : 'request'}${metadata})`;
  const show = 'print(json_format.MessageToJson(reply, indent=None))';
  const parsed = jsonLiterals(call).map((literal) => `json_format.Parse(${literal}, ${type}())`);
  const code = [
    'import grpc',
    'from google.protobuf import json_format',
    '',
    `protos, services = grpc.protos_and_services(${quoted(file.name)})`,
    ...others,
    `channel = grpc.${isTls(call) ? 'secure' : 'insecure'}_channel(${quoted(hostOf(call))}${isTls(call) ? ', grpc.ssl_channel_credentials()' : ''})`,
    `stub = services.${service.name}Stub(channel)`,
    ...(isClientStreaming ? ['requests = [', ...parsed.map((one) => `    ${one},`), ']'] : [`request = ${parsed[0]}`]),
    ...(method.isServerStreaming ? [`for reply in ${made}:`, `    ${show}`] : [`reply = ${made}`, show]),
  ];
  return {
    id: 'python-grpcio',
    title: 'Python, grpcio',
    needs: 'pip install grpcio grpcio-tools googleapis-common-protos; your protos in a folder of PYTHONPATH',
    code: code.join('\n'),
  };
}
