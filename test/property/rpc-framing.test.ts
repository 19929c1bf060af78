/** Envelopes and base64 text in pieces of any size: the same messages come out as went in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Base64Decoder } from '../../src/transcode/rpc/base64-text.ts';
import { type Envelope, EnvelopeSplitter, writeEnvelope } from '../../src/transcode/rpc/envelopes.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const envelopes = fc.array(fc.record({ flags: fc.constantFrom(0, 1, 2, 0x80), payload: bytes }), { maxLength: 5 });
/** Sizes of the pieces, used over and over. */
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });

function* inPieces(whole: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, piece = 0; at < whole.length; piece++) {
    const end = at + (lengths[piece % lengths.length] as number);
    yield whole.subarray(at, end);
    at = end;
  }
}

test('envelopes', () => {
  fc.assert(
    fc.property(envelopes, sizes, (written, lengths) => {
      const splitter = new EnvelopeSplitter(40);
      const read: Envelope[] = [];
      for (const piece of inPieces(Buffer.concat(written.map(writeEnvelope)), lengths))
        read.push(...splitter.push(piece));
      splitter.end();
      const plain = (all: readonly Envelope[]) => all.map(({ flags, payload }) => [flags, ...payload]);
      assert.deepEqual(plain(read), plain(written));
    }),
  );
});

test('base64 of parts with padding of their own', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), sizes, (parts, lengths) => {
      const text = Buffer.from(parts.map((part) => Buffer.from(part).toString('base64')).join(''));
      const decoder = new Base64Decoder();
      const read = [...inPieces(text, lengths)].map((piece) => decoder.push(piece));
      decoder.end();
      assert.deepEqual(Buffer.concat(read), Buffer.concat(parts));
    }),
  );
});

test('what is no base64 is refused, wherever it stands', () => {
  fc.assert(
    fc.property(bytes, sizes, fc.constantFrom('&', '=', '-', '\n', '===='), fc.nat(), (part, lengths, wrong, place) => {
      const right = Buffer.from(part).toString('base64').replaceAll('=', '');
      const at = place % (right.length + 1);
      const text = Buffer.from(`${right.slice(0, at)}${wrong}${right.slice(at)}AAA&`);
      const decoder = new Base64Decoder();
      assert.throws(() => {
        for (const piece of inPieces(text, lengths)) decoder.push(piece);
        decoder.end();
      });
    }),
  );
});
