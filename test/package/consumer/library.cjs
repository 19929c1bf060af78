// The library, by require() and by import.
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const library = require('tandem');

async function main() {
  assert.equal((await import('tandem')).createGateway, library.createGateway);
  const codec = library.createCodec(readFileSync(process.argv[2]));
  const wire = codec.jsonToWire('example.HelloRequest', '{"name":"World"}', { ignoreUnknown: false });
  assert.equal(Buffer.from(wire).toString('latin1'), '\n\x05World');
  assert.equal(codec.wireToJson('example.HelloRequest', wire), '{"name":"World"}');
  assert.throws(() => codec.jsonToWire('example.HelloRequest', '{"nome":1}'), /nome/);
}

void main();
