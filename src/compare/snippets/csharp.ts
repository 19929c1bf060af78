/** C#. */
import type { MessageDescriptor } from '../../schema/descriptors.ts';
import { jsonLiteral, nestedNames, quoted, type Snippet, type SnippetCall } from './snippet.ts';

/** By gRPC, with code that Grpc.Tools has generated. */
export function csharpCode(call: SnippetCall): Snippet | undefined {
  const { method, headers, origin } = call;
  if (method.isClientStreaming) return undefined;
  const { service, input } = method;
  const pairs = headers.map(([name, value]) => `{ ${quoted(name)}, ${quoted(value)} }`).join(', ');
  const metadata = headers.length === 0 ? '' : `, new Grpc.Core.Metadata { ${pairs} }`;
  const name = `${namespaceOf(service.file)}${service.name}`;
  const code = [
    'using Grpc.Core;',
    'using Grpc.Net.Client;',
    '',
    `using var channel = GrpcChannel.ForAddress(${quoted(origin)});`,
    `var client = new ${name}.${service.name}Client(channel);`,
    `var request = ${typeName(input)}.Parser.ParseJson(${jsonLiteral(call)});`,
    ...(method.isServerStreaming
      ? [
          `using var stream = client.${method.name}(request${metadata});`,
          'await foreach (var reply in stream.ResponseStream.ReadAllAsync()) Console.WriteLine(reply);',
        ]
      : [`Console.WriteLine(await client.${method.name}Async(request${metadata}));`]),
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
