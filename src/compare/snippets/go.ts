/** Go. */
import type { MessageDescriptor } from '../../schema/descriptors.ts';
import {
  hostOf,
  isTls,
  jsonLiteral,
  jsonLiterals,
  nestedNames,
  quoted,
  restHeaders,
  type Snippet,
  type SnippetCall,
} from './snippet.ts';

/** By REST. */
export function netHttp(call: SnippetCall): Snippet | undefined {
  const { rest, origin } = call;
  if (rest === undefined) return undefined;
  const hasBody = rest.body.length > 0;
  const code = [
    'package main',
    '',
    'import (',
    '\t"io"',
    '\t"log"',
    '\t"net/http"',
    '\t"os"',
    ...(hasBody ? ['\t"strings"'] : []),
    ')',
    '',
    'func main() {',
    `\trequest, err := http.NewRequest(${quoted(rest.method)}, ${quoted(origin + rest.target)}, ${hasBody ? `strings.NewReader(${quoted(Buffer.from(rest.body).toString())})` : 'nil'})`,
    '\tif err != nil {',
    '\t\tlog.Fatal(err)',
    '\t}',
    ...restHeaders(call).map(([name, value]) => `\trequest.Header.Set(${quoted(name)}, ${quoted(value)})`),
    '\tresponse, err := http.DefaultClient.Do(request)',
    '\tif err != nil {',
    '\t\tlog.Fatal(err)',
    '\t}',
    '\tdefer response.Body.Close()',
    '\tif _, err := io.Copy(os.Stdout, response.Body); err != nil {',
    '\t\tlog.Fatal(err)',
    '\t}',
    '\tif response.StatusCode >= 400 {',
    '\t\tlog.Fatal(response.Status)',
    '\t}',
    '}',
  ];
  return { id: 'go-http', title: 'Go, net/http', needs: 'Go', code: code.join('\n') };
}

/** By gRPC, with code that protoc-gen-go and protoc-gen-go-grpc have generated. */
export function grpcGo(call: SnippetCall): Snippet {
  const { method, headers } = call;
  const isOther = method.input.file !== method.file;
  const type = `${isOther ? 'inputpb' : 'pb'}.${nestedNames(method.input).join('_')}`;
  const credentials = isTls(call) ? 'credentials.NewTLS(nil)' : 'insecure.NewCredentials()';
  const imports = [
    ...(method.isServerStreaming ? ['"io"'] : []),
    '"context"',
    '"fmt"',
    '"log"',
    '',
    '"google.golang.org/grpc"',
    isTls(call) ? '"google.golang.org/grpc/credentials"' : '"google.golang.org/grpc/credentials/insecure"',
    ...(headers.length > 0 ? ['"google.golang.org/grpc/metadata"'] : []),
    '"google.golang.org/protobuf/encoding/protojson"',
    '',
    'pb "your.module/gen" // the generated package',
    ...(isOther ? [`inputpb "${goPackage(method.input)}"`] : []),
  ];
  const pairs = headers.map(([name, value]) => `, ${quoted(name)}, ${quoted(value)}`).join('');
  const code = [
    'package main',
    '',
    'import (',
    ...imports.map((line) => (line === '' ? '' : `\t${line}`)),
    ')',
    '',
    'func main() {',
    `\tconnection, err := grpc.NewClient(${quoted(hostOf(call))}, grpc.WithTransportCredentials(${credentials}))`,
    ...checked,
    '\tdefer connection.Close()',
    ...(method.isClientStreaming ? [] : requestOf(type, jsonLiteral(call))),
    pairs === ''
      ? '\tctx := context.Background()'
      : `\tctx := metadata.AppendToOutgoingContext(context.Background()${pairs})`,
    `\tclient := pb.New${method.service.name}Client(connection)`,
    ...(method.isClientStreaming
      ? sent(call, type)
      : method.isServerStreaming
        ? [`\tstream, err := client.${method.name}(ctx, request)`, ...checked, ...received]
        : [`\treply, err := client.${method.name}(ctx, request)`, ...checked, shown]),
    '}',
  ];
  return {
    id: 'go-grpc',
    title: 'Go, grpc-go',
    needs:
      'go get google.golang.org/grpc; protoc with protoc-gen-go and protoc-gen-go-grpc, and your import path in the code',
    code: code.join('\n'),
  };
}

const checked = ['\tif err != nil {', '\t\tlog.Fatal(err)', '\t}'];

const shown = '\tfmt.Println(protojson.Format(reply))';

function requestOf(type: string, json: string): readonly string[] {
  return [
    `\trequest := &${type}{}`,
    `\tif err := protojson.Unmarshal([]byte(${json}), request); err != nil {`,
    ...checked.slice(1),
  ];
}

/** A stream of requests, and what is answered at its end or meanwhile. */
function sent(call: SnippetCall, type: string): readonly string[] {
  const { name, isServerStreaming } = call.method;
  const inner = [...requestOf(type, 'text'), '\tif err := stream.Send(request); err != nil {', ...checked.slice(1)];
  return [
    `\tstream, err := client.${name}(ctx)`,
    ...checked,
    '\tfor _, text := range []string{',
    ...jsonLiterals(call).map((json) => `\t\t${json},`),
    '\t} {',
    ...inner.map((line) => `\t${line}`),
    '\t}',
    ...(isServerStreaming
      ? ['\tif err := stream.CloseSend(); err != nil {', ...checked.slice(1), ...received]
      : ['\treply, err := stream.CloseAndRecv()', ...checked, shown]),
  ];
}

/** The replies of a stream until its end. */
const received: readonly string[] = [
  '\tfor {',
  '\t\treply, err := stream.Recv()',
  '\t\tif err == io.EOF {',
  '\t\t\treturn',
  '\t\t}',
  ...checked.map((line) => `\t${line}`),
  `\t${shown}`,
  '\t}',
];

function goPackage({ file }: MessageDescriptor): string {
  const [, name] = /^google\/protobuf\/(\w+)\.proto$/.exec(file.name) ?? [];
  return name === undefined ? 'your.module/gen/input' : `google.golang.org/protobuf/types/known/${name}pb`;
}
