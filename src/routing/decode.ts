/**
 * @module The two percent-decodings of captures (google/api/http.proto, "Path template syntax"). Knows nothing of
 * templates or messages.
 */
import { StatusError } from '../status/status-error.ts';

/**
 * What a multi-segment capture keeps encoded: `%2F` (`spec`, HttpRule's comment), all reserved characters of RFC 6570
 * (`keepReserved`, the comment of Http.fully_decode_reserved_expansion, and Envoy's default), or nothing (`all`).
 */
export type ReservedExpansion = 'spec' | 'keepReserved' | 'all';

const keptEscapes: Readonly<Record<ReservedExpansion, ReadonlySet<string>>> = {
  spec: new Set(['%2F']),
  keepReserved: new Set([...":/?#[]@!$&'()*+,;="].map((character) => `%${hex(character.charCodeAt(0))}`)),
  all: new Set(),
};

function hex(byte: number): string {
  return byte.toString(16).toUpperCase();
}

/**
 * Decodes the capture of a one-segment variable: every escape, `%2F` included. `a%2Fb` → `a/b`.
 * Throws INVALID_ARGUMENT naming `field` on a malformed escape and on bytes that are not UTF-8.
 */
export function decodeSegment(raw: string, field: string): string {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch (cause) {
    throw StatusError.invalidField(field, describeFault(raw), cause);
  }
}

/**
 * Decodes the capture of a multi-segment variable: all but what `expansion` keeps, and that as it was sent, since a
 * decoded slash could not be told from a separator. `x%20y/a%2fb` → `x y/a%2fb`. Throws as decodeSegment does.
 */
export function decodeSegments(raw: string, field: string, expansion: ReservedExpansion): string {
  if (!raw.includes('%')) return raw;
  const kept = keptEscapes[expansion];
  let text = '';
  let from = 0;
  for (let at = raw.indexOf('%'); at !== -1; at = raw.indexOf('%', at + 1)) {
    const octet = raw.slice(at, at + 3);
    if (!kept.has(octet.toUpperCase())) continue;
    text += decodeSegment(raw.slice(from, at), field) + octet;
    from = at + 3;
  }
  return text + decodeSegment(raw.slice(from), field);
}

/** Decodes a segment to compare it with a literal; undefined where it is malformed, since then it equals none. */
export function decodeLiteral(raw: string): string | undefined {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

function describeFault(raw: string): string {
  const malformed = /%(?![\dA-Fa-f]{2}).{0,2}/s.exec(raw)?.[0];
  return malformed === undefined
    ? 'the percent-encoded bytes are not UTF-8'
    : `malformed percent-encoding ${JSON.stringify(malformed)}`;
}
