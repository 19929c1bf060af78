/** Java. */
import type { MessageDescriptor } from '../../schema/descriptors.ts';
import {
  hostOf,
  isTls,
  jsonLiteral,
  lowerFirst,
  nestedNames,
  quoted,
  type Snippet,
  type SnippetCall,
} from './snippet.ts';

/** By gRPC, with code that protoc and protoc-gen-grpc-java have generated. */
export function javaCode(call: SnippetCall): Snippet | undefined {
  const { method, headers } = call;
  if (method.isClientStreaming) return undefined;
  const { service, input } = method;
  const attached = headers.flatMap(([name, value]) => [
    `    headers.put(Metadata.Key.of(${quoted(name)}, Metadata.ASCII_STRING_MARSHALLER), ${quoted(value)});`,
  ]);
  const stub = `${packageOf(service.file)}${service.name}Grpc.newBlockingStub(channel)`;
  const intercepted =
    headers.length === 0 ? stub : `${stub}.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))`;
  const made = `stub.${lowerFirst(method.name)}(request.build())`;
  const code = [
    'import com.google.protobuf.util.JsonFormat;',
    'import io.grpc.*;',
    ...(headers.length === 0 ? [] : ['import io.grpc.stub.MetadataUtils;']),
    '',
    'class Call {',
    '  public static void main(String[] arguments) throws Exception {',
    `    var channel = ManagedChannelBuilder.forTarget(${quoted(hostOf(call))})${isTls(call) ? '' : '.usePlaintext()'}.build();`,
    ...(headers.length === 0 ? [] : ['    var headers = new Metadata();', ...attached]),
    `    var stub = ${intercepted};`,
    `    var request = ${className(input)}.newBuilder();`,
    `    JsonFormat.parser().merge(${jsonLiteral(call)}, request);`,
    ...(method.isServerStreaming
      ? [
          `    for (var replies = ${made}; replies.hasNext(); ) System.out.println(JsonFormat.printer().print(replies.next()));`,
        ]
      : [`    System.out.println(JsonFormat.printer().print(${made}));`]),
    '    channel.shutdown();',
    '  }',
    '}',
  ];
  return {
    id: 'java',
    title: 'Java, grpc-java',
    needs:
      'io.grpc:grpc-netty-shaded, grpc-protobuf, grpc-stub; protobuf-java-util; code of protoc with java_multiple_files',
    code: code.join('\n'),
  };
}

function packageOf({ package: name }: MessageDescriptor['file']): string {
  return name === '' ? '' : `${name}.`;
}

function className(type: MessageDescriptor): string {
  const java = type.fullName.startsWith('google.protobuf.') ? 'com.' : '';
  return `${java}${packageOf(type.file)}${nestedNames(type).join('.')}`;
}
