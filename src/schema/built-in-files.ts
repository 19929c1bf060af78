import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DescFile } from '@bufbuild/protobuf';
import * as wellKnown from '@bufbuild/protobuf/wkt';
import type { SchemaFile } from './linked-element.ts';
import type { ParsedProto } from './proto-parser.ts';
import { parseProto } from './proto-parser.ts';
import { SourceMap } from './source-map.ts';

/** Always part of a schema: the well-known types of the JSON mapping, and what error bodies are made of. */
export const alwaysLoaded: readonly string[] = [
  'google/protobuf/any.proto',
  'google/protobuf/duration.proto',
  'google/protobuf/empty.proto',
  'google/protobuf/field_mask.proto',
  'google/protobuf/struct.proto',
  'google/protobuf/timestamp.proto',
  'google/protobuf/wrappers.proto',
  'google/rpc/code.proto',
  'google/rpc/error_details.proto',
  'google/rpc/status.proto',
];

/** Services that Google's APIs take in by their service configuration alone, and the files that declare them. */
export const mixinFiles: ReadonlyMap<string, string> = new Map([
  ['google.cloud.location.Locations', 'google/cloud/location/locations.proto'],
  ['google.iam.v1.IAMPolicy', 'google/iam/v1/iam_policy.proto'],
  ['google.longrunning.Operations', 'google/longrunning/operations.proto'],
  ['grpc.health.v1.Health', 'grpc/health/v1/health.proto'],
  ['grpc.reflection.v1.ServerReflection', 'grpc/reflection/v1/reflection.proto'],
  ['grpc.reflection.v1alpha.ServerReflection', 'grpc/reflection/v1alpha/reflection.proto'],
]);

/** Where the names of Google's that are easily used without their import are declared. */
export const declaringFiles: ReadonlyMap<string, string> = new Map([
  ['google.api.http', 'google/api/annotations.proto'],
  ['google.api.HttpBody', 'google/api/httpbody.proto'],
  ['google.api.field_behavior', 'google/api/field_behavior.proto'],
  ['google.api.field_info', 'google/api/field_info.proto'],
  ['google.api.resource', 'google/api/resource.proto'],
  ['google.api.resource_reference', 'google/api/resource.proto'],
  ['google.api.method_signature', 'google/api/client.proto'],
  ['google.api.default_host', 'google/api/client.proto'],
  ['google.longrunning.Operation', 'google/longrunning/operations.proto'],
  ['google.longrunning.operation_info', 'google/longrunning/operations.proto'],
  ['tandem.access', 'tandem/access.proto'],
  ['tandem.service_access', 'tandem/access.proto'],
]);

const isFile = (value: unknown): value is DescFile => (value as Partial<DescFile> | null)?.kind === 'file';

let wellKnownFiles: ReadonlyMap<string, DescFile> | undefined;
let packageFolder: string | undefined;

/**
 * A file that can be imported without being given: google/protobuf/* compiled into @bufbuild/protobuf, everything else
 * of google/* from the package google-proto-files, tandem/* from this package.
 */
export function builtInFile(name: string): SchemaFile | ParsedProto | undefined {
  const proto = wellKnownFile(name)?.proto;
  if (proto !== undefined) return { proto, source: new SourceMap(name, () => new Map()) };
  const path = packagedFile(name);
  return path === undefined ? undefined : parseProto(readFileSync(path, 'utf8'), name, name);
}

/** The built-in file that a file on disk is a copy of, by its path: `third_party/google/api/http.proto`. */
export function builtInNameOf(path: string): string | undefined {
  const name = /(?:^|\/)((?:google|buf\/validate|openapiv3|protoc-gen-openapiv2)\/.+)$/.exec(
    path.replaceAll('\\', '/'),
  )?.[1];
  const isBuiltIn = name !== undefined && (wellKnownFile(name) ?? packagedFile(name)) !== undefined;
  return isBuiltIn ? name : undefined;
}

function wellKnownFile(name: string): DescFile | undefined {
  wellKnownFiles ??= new Map(
    Object.values(wellKnown)
      .filter(isFile)
      .map((file) => [file.proto.name, file]),
  );
  return wellKnownFiles.get(name);
}

/** Our own options, and those of other tools whose protos say something that we read. */
const ownFolders: readonly string[] = ['tandem/', 'buf/validate/', 'openapiv3/', 'protoc-gen-openapiv2/', 'grpc/'];

function packagedFile(name: string): string | undefined {
  if (ownFolders.some((folder) => name.startsWith(folder))) return ownFile(name);
  if (!name.startsWith('google/')) return undefined;
  packageFolder ??= dirname(createRequire(import.meta.url).resolve('google-proto-files/package.json'));
  const path = join(packageFolder, name);
  return existsSync(path) ? path : undefined;
}

function ownFile(name: string): string | undefined {
  const path = join(dirname(createRequire(import.meta.url).resolve('tandem/package.json')), 'protos', name);
  return existsSync(path) ? path : undefined;
}
