/**
 * @module Which fields a JSON object names, as FieldMask paths: for update masks that are derived from a body. One that is null is named
 * too: under a mask that is how a field is cleared.
 */

import { scratch as shared } from '../wire/scratch.ts';
import { expectColon, skipJson, skipSpace } from './json-cursor.ts';
import type { NameTable } from './name-table.ts';
import type { ReaderField, ReaderPlan } from './read-plan.ts';
import { plainMessage } from './value-op.ts';
import { single } from './write-plan.ts';

const scratch = shared;

/** See Codec.presentPaths. The text is at the front of the working buffer, and `p` behind it. */
export function presentPathsOf(plan: ReaderPlan, p: number, maxDepth: number): string[] {
  const from = skipSpace(0);
  // Once over all of it: what follows may then take well-formed JSON for granted.
  skipJson(from, p, maxDepth);
  const paths: string[] = [];
  if (scratch.bytes[from] === 0x7b) collect(plan, from, '', paths, p);
  return paths;
}

function collect(plan: ReaderPlan, from: number, prefix: string, paths: string[], p: number): void {
  if (plan.names === null) plan.compile();
  const names = plan.names as NameTable<ReaderField>;
  let position = skipSpace(from + 1);
  while (scratch.bytes[position] === 0x22) {
    const field = names.find(position + 1, p);
    const value = expectColon(scratch.at);
    const path = `${prefix}${field?.descriptor.isExtension === true ? field.descriptor.jsonName : field?.descriptor.name}`;
    if (field !== undefined && isOpenable(field) && scratch.bytes[value] === 0x7b && !isEmptyObject(value)) {
      collect(field.message as ReaderPlan, value, `${path}.`, paths, p);
    } else {
      if (field !== undefined) paths.push(path);
      skipJson(value, p, Number.POSITIVE_INFINITY);
    }
    position = skipSpace(scratch.at);
    if (scratch.bytes[position] === 0x2c) position = skipSpace(position + 1);
  }
  scratch.at = position + 1;
}

function isOpenable({ shape, message }: ReaderField): boolean {
  return shape === single && message?.special === plainMessage;
}

function isEmptyObject(from: number): boolean {
  return scratch.bytes[skipSpace(from + 1)] === 0x7d;
}
