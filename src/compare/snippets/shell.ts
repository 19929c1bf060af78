/** Commands of a shell. */
import { hostOf, isTls, restHeaders, type Snippet, type SnippetCall } from './snippet.ts';

/** By REST, with curl. */
export function curl(call: SnippetCall): Snippet | undefined {
  const { rest, origin, method } = call;
  if (rest === undefined) return undefined;
  const parts = [
    `curl -sS${method.isServerStreaming ? 'N' : ''}${rest.method === 'GET' ? '' : ` -X ${rest.method}`} ${word(origin + rest.target)}`,
    ...restHeaders(call).map(([name, value]) => `-H ${word(`${name}: ${value}`)}`),
    ...(rest.body.length > 0 ? [`--data-binary ${word(Buffer.from(rest.body).toString())}`] : []),
  ];
  return { id: 'curl', title: 'curl', needs: 'curl', code: parts.join(' \\\n  ') };
}

/** By gRPC, with grpcurl, which asks the gateway's reflection. */
export function grpcurl(call: SnippetCall): Snippet {
  const { method, messages, headers } = call;
  const parts = [
    `grpcurl${isTls(call) ? '' : ' -plaintext'}`,
    ...headers.map(([name, value]) => `-H ${word(`${name}: ${value}`)}`),
    `-d ${word(messages.map((message) => JSON.stringify(message)).join('\n'))}`,
    `${hostOf(call)} ${method.service.fullName}/${method.name}`,
  ];
  return {
    id: 'grpcurl',
    title: 'grpcurl',
    needs: 'grpcurl; the gateway’s reflection is on',
    code: parts.join(' \\\n  '),
  };
}

/** One word of a POSIX shell. */
function word(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
