import { ConnectionError, ErrorCode, Flag } from './protocol.ts';

/** Where the payload of DATA or HEADERS is, without its padding (RFC 9113, section 6.1). Throws PROTOCOL_ERROR. */
export function unpadded(
  flags: number,
  bytes: Buffer,
  start: number,
  end: number,
): readonly [start: number, end: number] {
  if ((flags & Flag.PADDED) === 0) return [start, end];
  const padding = start < end ? bytes.readUInt8(start) : 0;
  if (start + 1 + padding > end) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'more padding than payload');
  return [start + 1, end - padding];
}
