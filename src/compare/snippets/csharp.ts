/** C#. */
import type { MessageDescriptor } from '../../schema/descriptors.ts';
import { jsonLiteral, jsonLiterals, nestedNames, quoted, type Snippet, type SnippetCall } from './snippet.ts';

/** By gRPC, with code that Grpc.Tools has generated. */
export function csharpCode(call: SnippetCall): Snippet {
  const { method, headers, origin } = call;
  const { service, input } = method;
  const pairs = headers.map(([name, value]) => `{ ${quoted(name)}, ${quoted(value)} }`).join(', ');
  const metadata = headers.length === 0 ? '' : `new Grpc.Core.Metadata { ${pairs} }`;
  const behind = metadata === '' ? '' : `, ${metadata}`;
  const name = `${namespaceOf(service.file)}${service.name}`;
  const code = [
    'using Grpc.Core;',
    'using Grpc.Net.Client;',
    '',
    `using var channel = GrpcChannel.ForAddress(${quoted(origin)});`,
    `var client = new ${name}.${service.name}Client(channel);`,
    ...(method.isClientStreaming
      ? [
          `using var stream = client.${method.name}(${metadata});`,
          'foreach (var text in new string[] {',
          ...jsonLiterals(call).map((json) => `    ${json},`),
          `}) await stream.RequestStream.WriteAsync(${typeName(input)}.Parser.ParseJson(text));`,
          'await stream.RequestStream.CompleteAsync();',
        ]
      : [`var request = ${typeName(input)}.Parser.ParseJson(${jsonLiteral(call)});`]),
    ...(method.isServerStreaming
      ? [
          ...(method.isClientStreaming ? [] : [`using var stream = client.${method.name}(request${behind});`]),
          'await foreach (var reply in stream.ResponseStream.ReadAllAsync()) Console.WriteLine(reply);',
        ]
      : [
          `Console.WriteLine(await ${method.isClientStreaming ? 'stream' : `client.${method.name}Async(request${behind})`});`,
        ]),
  ];
  return {
    id: 'csharp',
    title: 'C#, Grpc.Net',
    needs: 'Grpc.Net.Client, Google.Protobuf, Grpc.Tools',
    code: code.join('\n'),
  };
}

/** `example.library.v1` → `Example.Library.V1.` */
function namespaceOf({ package: name }: MessageDescriptor['file']): string {
  if (name === 'google.protobuf') return 'Google.Protobuf.WellKnownTypes.';
  return name === '' ? '' : `${name.split('.').map(pascalCase).join('.')}.`;
}

function pascalCase(text: string): string {
  return text.replace(/(^|_)(\w)/g, (_, _before, letter: string) => letter.toUpperCase());
}

function typeName(type: MessageDescriptor): string {
  return `${namespaceOf(type.file)}${nestedNames(type).join('.Types.')}`;
}
