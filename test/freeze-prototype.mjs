// Loaded before a run of the tests: nothing may write to what all objects inherit from, nor assign to an own property of the same name, which
// freezing forbids as well.

// ipaddr.js, which fastify has by @fastify/proxy-addr, assigns its toString as it is loaded. Nothing else that is shipped needs to come first.
await import('fastify');

// Whose members called toString or constructor are assigned nevertheless: second opinions and makers of values, none of them a part of what is
// tested, and Node's IncomingMessage, whose headers are members of a plain object, so that a request with one of that name throws in whoever reads it.
const lenient =
  /node_modules\/(?:fast-check|protobufjs|long|@bufbuild\/protobuf\/dist\/esm\/(?:to-json|from-json|extensions|reflect\/unsafe)\.js)|node:_http_incoming/;

for (const [name, { value, writable }] of Object.entries(Object.getOwnPropertyDescriptors(Object.prototype))) {
  if (writable) Object.defineProperty(Object.prototype, name, { get: () => value, set: setterOf(name) });
}
Object.freeze(Object.prototype);

/** What becomes of an assignment to an object that inherits the member: it fails, as it would if the member were frozen as it was. */
function setterOf(name) {
  return function set(value) {
    const [, , assigning = ''] = new Error().stack?.split('\n').filter((line) => !line.endsWith('(<anonymous>)')) ?? [];
    if (!lenient.test(assigning)) throw new TypeError(`Object.prototype is frozen: cannot assign ${name}`);
    Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
  };
}
