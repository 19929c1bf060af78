/**
 * Targets of xDS: gRPC's own library for it does all of the work, below @grpc/grpc-js.
 */
import { SchemaError } from '../schema/problem.ts';

// Whoever wants xDS installs it beside Tandem.
const library = '@grpc/grpc-js-xds';

/** Makes @grpc/grpc-js know `xds:` targets. Rejects with SchemaError when the library is not installed, or not told of a server. */
export async function registerXds(target: string): Promise<void> {
  const problem = (message: string): SchemaError =>
    new SchemaError([{ position: undefined, subject: `upstream ${target}`, message }]);
  try {
    const { register } = (await import(library)) as { readonly register: () => void };
    register();
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const message = isMissing
      ? `xDS needs the package ${library}: npm install ${library}`
      : `${library} cannot be used: ${cause instanceof Error ? cause.message : cause}`;
    throw problem(message);
  }
  // Without it the library answers every call with a TypeError of its own.
  const { GRPC_XDS_BOOTSTRAP: file, GRPC_XDS_BOOTSTRAP_CONFIG: content } = process.env;
  if (!file && !content) throw problem('xDS needs to know its server: name a bootstrap file in GRPC_XDS_BOOTSTRAP');
}
