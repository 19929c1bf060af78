// A plugin: deletions need a reason, and a line of JSON on standard error says who deleted what.
//
//     tandem serve --config examples/plugins/tandem.yaml

/** @type {import('tandem').Plugin} */
export default (_options, { GrpcCode, StatusError, identityOf }) => ({
  beforeBind({ method, request }) {
    if (method.name.startsWith('Delete') && request.headers['x-reason'] === undefined) {
      throw new StatusError(GrpcCode.FAILED_PRECONDITION, 'say why in X-Reason');
    }
  },

  beforeSend(rpc, call) {
    const reason = rpc.request.headers['x-reason'];
    if (typeof reason === 'string') call.metadata = [...call.metadata, ['x-reason', reason]];
  },

  onEnd(rpc, { error, durationMs }) {
    if (!rpc.method.name.startsWith('Delete')) return;
    const { target } = rpc.request;
    const by = identityOf(rpc)?.subject ?? rpc.client?.address;
    const outcome = error?.codeName ?? 'OK';
    console.error(JSON.stringify({ audit: rpc.method.fullName, target, by, outcome, ms: Math.round(durationMs) }));
  },
});
