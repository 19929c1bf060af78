/**
 * Google's Gemini API by the configuration of examples/gemini, before a fake of its server: the calls of its documentation with the host
 * replaced.
 */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { loadSchema } from '../../src/schema/load-schema.ts';
import { createMessages } from '../upstreams/messages.ts';
import { type ReceivedCall, type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const api = 'google.ai.generativelanguage.v1beta';
const protos = ['node_modules/google-proto-files/google/ai/generativelanguage/v1beta'];

async function startFake(): Promise<ScriptedUpstream> {
  const { schema } = await loadSchema({ protos, mixins: ['google.longrunning.Operations'] });
  const messages = createMessages(schema);
  const read = (type: string, { messages: [first] }: ReceivedCall) =>
    messages.toJson(type, first ?? new Uint8Array()) as Record<string, never>;
  const operation = (json: object): Uint8Array => messages.toWire('google.longrunning.Operation', json);
  const content = (text: string): Uint8Array =>
    messages.toWire(`${api}.GenerateContentResponse`, {
      candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0 }],
      modelVersion: 'fake',
    });
  /** Without its key nobody is served, as by the real one. */
  const keyed = (reply: (call: ReceivedCall) => Uint8Array[]) => (call: ReceivedCall) =>
    call.headers['x-goog-api-key'] === 'secret'
      ? { messages: reply(call) }
      : { code: 16, message: 'API key not valid. Please pass a valid API key.' };
  const asked = (call: ReceivedCall): string =>
    (read(`${api}.GenerateContentRequest`, call) as { contents?: [{ parts: [{ text: string }] }] }).contents?.[0]
      .parts[0].text ?? '';
  return startScriptedUpstream({
    [`/${api}.GenerativeService/GenerateContent`]: keyed((call) => [content(`You asked: ${asked(call)}`)]),
    [`/${api}.GenerativeService/StreamGenerateContent`]: keyed((call) => asked(call).split(' ').map(content)),
    [`/${api}.GenerativeService/CountTokens`]: keyed(() => [
      messages.toWire(`${api}.CountTokensResponse`, { totalTokens: 5 }),
    ]),
    [`/${api}.GenerativeService/EmbedContent`]: keyed(() => [
      messages.toWire(`${api}.EmbedContentResponse`, { embedding: { values: [0.1, -0.25] } }),
    ]),
    [`/${api}.ModelService/ListModels`]: keyed(() => [
      messages.toWire(`${api}.ListModelsResponse`, { models: [{ name: 'models/fake', inputTokenLimit: 8192 }] }),
    ]),
    [`/${api}.PredictionService/PredictLongRunning`]: keyed((call) => {
      const { model } = read(`${api}.PredictLongRunningRequest`, call);
      return [operation({ name: `${model}/operations/1` })];
    }),
    '/google.longrunning.Operations/GetOperation': keyed((call) => {
      const { name } = read('google.longrunning.GetOperationRequest', call);
      const video = { video: { uri: 'files/1' } };
      return [
        operation({
          name,
          done: true,
          response: {
            '@type': `type.googleapis.com/${api}.PredictLongRunningResponse`,
            generateVideoResponse: { generatedSamples: [video] },
          },
        }),
      ];
    }),
  });
}

async function start(t: TestContext): Promise<string> {
  const fake = await startFake();
  t.after(() => fake.close());
  const env = { ...process.env, GEMINI: fake.target };
  const args = ['dist/cli.js', 'serve', '--config', 'examples/gemini/tandem.yaml', '--port', '0'];
  const tandem = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(tandem, 'close');
  t.after(async () => {
    tandem.kill();
    await ended;
  });
  const [line] = await once(createInterface(tandem.stdout), 'line');
  return String(line).replace('tandem listening on ', '');
}

/** The lines as a shell runs them; what curl prints. */
async function run(url: string, lines: string): Promise<string> {
  const env = { ...process.env, BASE_URL: `${url}/v1beta`, GEMINI_API_KEY: 'secret' };
  return (await promisify(execFile)('bash', ['-c', lines], { env })).stdout;
}

const json = (text: string): unknown => JSON.parse(text);
const candidate = (text: string) => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0 }],
  modelVersion: 'fake',
});

const missing = spawnSync('curl', ['--version']).error !== undefined && 'there is no curl';

test('the calls of the documentation', { skip: missing }, async (t) => {
  const url = await start(t);

  await t.test('one answer, the key in its header', async () => {
    const lines = `curl -s "$BASE_URL/models/gemini-2.5-flash:generateContent" \\
      -H "x-goog-api-key: $GEMINI_API_KEY" \\
      -H 'Content-Type: application/json' \\
      -X POST \\
      -d '{
        "system_instruction": { "parts": [ { "text": "You are a cat." } ] },
        "contents": [ { "role": "user", "parts": [ { "text": "Hello there" } ] } ],
        "generationConfig": { "stopSequences": [ "Title" ], "temperature": 1.0, "topP": 0.8, "topK": 10,
          "thinkingConfig": { "thinkingBudget": 0 } }
      }'`;
    assert.deepEqual(json(await run(url, lines)), candidate('You asked: Hello there'));
  });

  await t.test('the key in the query', async () => {
    const lines = `curl -s "$BASE_URL/models/gemini-2.5-flash:generateContent?key=$GEMINI_API_KEY" \\
      -H 'Content-Type: application/json' -X POST -d '{ "contents": [{ "parts":[{"text": "Hi"}] }] }'`;
    assert.deepEqual(json(await run(url, lines)), candidate('You asked: Hi'));
  });

  await t.test('server-sent events', async () => {
    const lines = `curl -s "$BASE_URL/models/gemini-2.5-flash:streamGenerateContent?alt=sse" \\
      -H "x-goog-api-key: $GEMINI_API_KEY" -H 'Content-Type: application/json' --no-buffer \\
      -d '{ "contents": [ { "parts": [ { "text": "one two three" } ] } ] }'`;
    const data = [...(await run(url, lines)).matchAll(/^data: (.*)$/gm)].map(([, text = '']) => json(text));
    assert.deepEqual(data, ['one', 'two', 'three'].map(candidate));
  });

  await t.test('a stream as an array, as without alt=sse', async () => {
    const lines = `curl -s "$BASE_URL/models/gemini-2.5-flash:streamGenerateContent?key=$GEMINI_API_KEY" \\
      -H 'Content-Type: application/json' -d '{ "contents": [{ "parts": [{ "text": "one two" }] }] }'`;
    assert.deepEqual(json(await run(url, lines)), ['one', 'two'].map(candidate));
  });

  await t.test('a long-running call, and where it has got to', async () => {
    const lines = `operation_name=$(curl -s "$BASE_URL/models/veo-2.0-generate-001:predictLongRunning" \\
        -H "x-goog-api-key: $GEMINI_API_KEY" -H "Content-Type: application/json" -X "POST" \\
        -d '{ "instances": [{ "prompt": "Two people staring at a cryptic drawing on a wall" }],
              "parameters": { "aspectRatio": "16:9", "personGeneration": "dont_allow" } }' \\
        | sed -E 's/.*"name":"([^"]*)".*/\\1/')
      curl -s -H "x-goog-api-key: $GEMINI_API_KEY" "$BASE_URL/$operation_name"`;
    assert.deepEqual(json(await run(url, lines)), {
      name: 'models/veo-2.0-generate-001/operations/1',
      done: true,
      response: {
        '@type': `type.googleapis.com/${api}.PredictLongRunningResponse`,
        generateVideoResponse: { generatedSamples: [{ video: { uri: 'files/1' } }] },
      },
    });
  });

  await t.test('tokens, an embedding, the models', async () => {
    const lines = `key="x-goog-api-key: $GEMINI_API_KEY"
      curl -s "$BASE_URL/models/gemini-2.5-flash:countTokens" -H "$key" -H 'Content-Type: application/json' -X POST \\
        -d '{ "contents": [{ "parts":[{ "text": "The quick brown fox" }] }] }'; echo
      curl -s "$BASE_URL/models/gemini-embedding-001:embedContent" -H "$key" -H 'Content-Type: application/json' \\
        -d '{"model": "models/gemini-embedding-001", "content": {"parts":[{"text": "What is the meaning of life?"}]}}'; echo
      curl -s "$BASE_URL/models?key=$GEMINI_API_KEY"`;
    assert.deepEqual((await run(url, lines)).trim().split('\n').map(json), [
      { totalTokens: 5 },
      { embedding: { values: [0.1, -0.25] } },
      { models: [{ name: 'models/fake', inputTokenLimit: 8192 }] },
    ]);
  });

  await t.test('no key', async () => {
    const lines = `curl -s -w '%{http_code}' "$BASE_URL/models"`;
    const status = { code: 16, message: 'API key not valid. Please pass a valid API key.', details: [] };
    assert.equal(await run(url, lines), `${JSON.stringify(status)}401`);
  });
});
