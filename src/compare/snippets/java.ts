/** Java. */
import type { MessageDescriptor, MethodDescriptor } from '../../schema/descriptors.ts';
import {
  hostOf,
  isTls,
  jsonLiteral,
  jsonLiterals,
  lowerFirst,
  nestedNames,
  quoted,
  type Snippet,
  type SnippetCall,
} from './snippet.ts';

/** By gRPC, with code that protoc and protoc-gen-grpc-java have generated. */
export function javaCode(call: SnippetCall): Snippet {
  const { method, headers } = call;
  const { service, input, output } = method;
  const types = typesOf(method);
  const attached = headers.flatMap(([name, value]) => [
    `    headers.put(Metadata.Key.of(${quoted(name)}, Metadata.ASCII_STRING_MARSHALLER), ${quoted(value)});`,
  ]);
  const version = method.isClientStreaming ? 'V2' : '';
  const stub = `${packageOf(service.file)}${service.name}Grpc.newBlocking${version}Stub(channel)`;
  const intercepted =
    headers.length === 0 ? stub : `${stub}.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))`;
  const made = `stub.${lowerFirst(method.name)}(request.build())`;
  const code = [
    ...(types === '' ? [] : ['import com.google.protobuf.TypeRegistry;']),
    'import com.google.protobuf.util.JsonFormat;',
    'import io.grpc.*;',
    ...(headers.length === 0 ? [] : ['import io.grpc.stub.MetadataUtils;']),
    '',
    'class Call {',
    '  public static void main(String[] arguments) throws Exception {',
    `    var channel = ManagedChannelBuilder.forTarget(${quoted(hostOf(call))})${isTls(call) ? '' : '.usePlaintext()'}.build();`,
    ...(headers.length === 0 ? [] : ['    var headers = new Metadata();', ...attached]),
    `    var stub = ${intercepted};`,
    ...(types === ''
      ? []
      : [
          `    var types = TypeRegistry.newBuilder().add(${className(input)}.getDescriptor()).add(${className(output)}.getDescriptor()).build();`,
        ]),
    ...(method.isClientStreaming ? sent(call) : requestOf(call, jsonLiteral(call))),
    ...(method.isClientStreaming
      ? [`    while (call.hasNext()) System.out.println(JsonFormat.printer()${types}.print(call.read()));`]
      : method.isServerStreaming
        ? [
            `    for (var replies = ${made}; replies.hasNext(); ) System.out.println(JsonFormat.printer()${types}.print(replies.next()));`,
          ]
        : [`    System.out.println(JsonFormat.printer()${types}.print(${made}));`]),
    '    channel.shutdown();',
    '  }',
    '}',
  ];
  return {
    id: 'java',
    title: 'Java, grpc-java',
    needs:
      'io.grpc:grpc-netty-shaded, grpc-protobuf, grpc-stub (of 1.74 or later where requests are streams); protobuf-java-util; code of protoc with java_multiple_files',
    code: code.join('\n'),
  };
}

/** An Any has JSON only where its type is known by name. */
function typesOf({ input, output }: MethodDescriptor): string {
  const seen = new Set<MessageDescriptor>();
  const holdsAny = (type: MessageDescriptor): boolean => {
    if (type.fullName === 'google.protobuf.Any') return true;
    if (seen.has(type)) return false;
    seen.add(type);
    return type.fields.some(({ map, type: own }) => {
      const value = map?.value.type ?? own;
      return value.kind === 'message' && holdsAny(value.message);
    });
  };
  return holdsAny(input) || holdsAny(output) ? '.usingTypeRegistry(types)' : '';
}

function requestOf({ method }: SnippetCall, json: string): readonly string[] {
  return [
    `    var request = ${className(method.input)}.newBuilder();`,
    `    JsonFormat.parser()${typesOf(method)}.merge(${json}, request);`,
  ];
}

function sent(call: SnippetCall): readonly string[] {
  return [
    `    var call = stub.${lowerFirst(call.method.name)}();`,
    '    for (var text : new String[] {',
    ...jsonLiterals(call).map((json) => `      ${json},`),
    '    }) {',
    ...requestOf(call, 'text').map((line) => `  ${line}`),
    '      call.write(request.build());',
    '    }',
    '    call.halfClose();',
  ];
}

function packageOf({ package: name }: MessageDescriptor['file']): string {
  return name === '' ? '' : `${name}.`;
}

function className(type: MessageDescriptor): string {
  const java = type.fullName.startsWith('google.protobuf.') ? 'com.' : '';
  return `${java}${packageOf(type.file)}${nestedNames(type).join('.')}`;
}
