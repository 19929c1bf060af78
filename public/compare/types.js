// @ts-check
// The shapes of what the gateway answers; nothing here runs.

/** @typedef {{ name: string, kind: string, rule?: { method: string, path: string }, summary: string, isRepeatable: boolean }} Method */
/** @typedef {{ name: string, number: number, comment: string, type: string, values?: readonly string[], shape: 'one' | 'list' | 'map', oneof?: string, isInPath: boolean }} Field */
/** @typedef {{ comment: string, fields: readonly Field[] }} Type */
/** @typedef {{ input: string, output: string, types: Record<string, Type>, example: Record<string, unknown>, filled: Record<string, unknown> }} Description */
/** @typedef {{ start: number, end: number, valueStart: number, number: number, wireType: string, name?: string, type?: string, path: string, value?: string, fields: readonly WireField[] }} WireField */
/** @typedef {{ base64: string, length: number, fields: readonly WireField[] }} Bytes */
/** @typedef {{ head: number, body: number, control: number }} SideBytes */
/** @typedef {{ atMs: number, direction: string, type: string, streamId: number, flags: readonly string[], bytes: number, headers?: readonly [string, string][], plainBytes?: number }} Frame */
/** @typedef {{ bindMs: number, upstreamMs: number, renderMs: number }} Inside */
/** @typedef {{ code: string, message: string, details: readonly unknown[] }} Status */
/** @typedef {{ status: Status, httpStatus?: number, problem?: string, messages: readonly { atMs: number, value: unknown, wire?: Bytes }[], count: number, said: string, times: readonly number[], headers: readonly [string, string][], trailers: readonly [string, string][], timing: { connectMs: number, firstByteMs: number, totalMs: number, inside?: Inside }, bytes: { request: SideBytes, response: SideBytes }, gzipped: { request?: number, response?: number }, frames: readonly Frame[], sent: { base64: string, length: number }, received: { base64: string, length: number }, requests: readonly Bytes[] }} Call */
/** @typedef {{ protocol: string, cold?: Call, warm?: Call, problem?: string }} Result */
/** @typedef {{ path: string, left?: unknown, right?: unknown }} Difference */
/** @typedef {{ results: readonly Result[], differences: readonly { protocols: [string, string], differences: readonly Difference[] }[] }} Comparison */
/** @typedef {{ protocol: 'rest' | 'grpc-web' | 'connect', method: string, target: string, headers: readonly [string, string][], body: string }} HttpCall */
/** @typedef {{ http: readonly HttpCall[] }} Prepared */
/** @typedef {Record<string, unknown>} Message */
/** Of a stream of requests the message is a list. @typedef {{ method: Method, request: { method: string, message: Message | readonly Message[], headers: Record<string, string>, framing: string, protocols: readonly string[] } }} Chosen */

/** @typedef {{ count: number, mean: number, min: number, p50: number, p90: number, p99: number, max: number }} Summary */
/** @typedef {{ protocol: string, durations: readonly number[], starts: readonly number[], summary?: Summary, failures: number, failure?: string, callsPerSecond: number, sentBytesPerCall: number, receivedBytesPerCall: number, cpuPerCall?: number, cpuMargin?: number }} Measured */
/** @typedef {{ protocols: [string, string], difference: number, low: number, high: number, isSeen: boolean }} Interval */
/** @typedef {{ runs: number, concurrency: number, measured: readonly Measured[], differences: readonly Interval[], cpuDifferences: readonly Interval[], isStopped: boolean, problem?: string }} Measurement */

export {};
