/** Code in C#, which nothing here compiles: held to what was read with care against the documentation of Grpc.Net. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { findMethod } from '../../../src/compare/find-method.ts';
import { csharpCode } from '../../../src/compare/snippets/csharp.ts';
import { loadSchema } from '../../../src/schema/load-schema.ts';

const { schema } = await loadSchema({ protos: [join('protos', 'example')] });

const rows = [
  {
    name: 'Greeter.SayHello',
    messages: [{ name: 'A "quoted" Wörld' }],
    code: `var client = new Example.Greeter.GreeterClient(channel);
var request = Example.HelloRequest.Parser.ParseJson("{\\"name\\":\\"A \\\\\\"quoted\\\\\\" Wörld\\"}");
Console.WriteLine(await client.SayHelloAsync(request));`,
  },
  {
    name: 'Library.GetBook',
    messages: [{ name: 'shelves/1/books/1' }],
    headers: [['x-a', '1'] as const],
    code: `var client = new Example.Library.V1.Library.LibraryClient(channel);
var request = Example.Library.V1.GetBookRequest.Parser.ParseJson("{\\"name\\":\\"shelves/1/books/1\\"}");
Console.WriteLine(await client.GetBookAsync(request, new Grpc.Core.Metadata { { "x-a", "1" } }));`,
  },
  {
    name: 'Library.StreamBooks',
    messages: [{}],
    code: `var client = new Example.Library.V1.Library.LibraryClient(channel);
var request = Example.Library.V1.StreamBooksRequest.Parser.ParseJson("{}");
using var stream = client.StreamBooks(request);
await foreach (var reply in stream.ResponseStream.ReadAllAsync()) Console.WriteLine(reply);`,
  },
  {
    name: 'Library.ImportBooks',
    messages: [{}, { bookId: 'a' }],
    headers: [['x-a', '1'] as const],
    code: `var client = new Example.Library.V1.Library.LibraryClient(channel);
using var stream = client.ImportBooks(new Grpc.Core.Metadata { { "x-a", "1" } });
foreach (var text in new string[] {
    "{}",
    "{\\"bookId\\":\\"a\\"}",
}) await stream.RequestStream.WriteAsync(Example.Library.V1.CreateBookRequest.Parser.ParseJson(text));
await stream.RequestStream.CompleteAsync();
Console.WriteLine(await stream);`,
  },
  {
    name: 'Library.AskLibrarian',
    messages: [{ text: 'a' }],
    code: `var client = new Example.Library.V1.Library.LibraryClient(channel);
using var stream = client.AskLibrarian();
foreach (var text in new string[] {
    "{\\"text\\":\\"a\\"}",
}) await stream.RequestStream.WriteAsync(Example.Library.V1.Question.Parser.ParseJson(text));
await stream.RequestStream.CompleteAsync();
await foreach (var reply in stream.ResponseStream.ReadAllAsync()) Console.WriteLine(reply);`,
  },
];
for (const { name, messages, headers = [], code } of rows) {
  test(name, () => {
    const method = findMethod(schema, name);
    const call = { origin: 'http://127.0.0.1:8080', method, messages, headers, rest: undefined };
    const head = `using Grpc.Core;
using Grpc.Net.Client;

using var channel = GrpcChannel.ForAddress("http://127.0.0.1:8080");
`;
    assert.equal(csharpCode(call)?.code, head + code);
  });
}
