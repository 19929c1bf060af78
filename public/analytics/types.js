// @ts-check
// What the gateway reports.

/** @typedef {{ calls: number, errors: number, codes: Record<string, number>, protobufBytes: number, jsonBytes?: number, sampled: number,
 *   latencyMs?: { p50: number | null, p95: number | null, p99: number | null } }} Figures */
/** @typedef {{ at: number, message: string, protocol: string, route?: string, durationMs: number, isFromUpstream: boolean, requestId?: string,
 *   traceId?: string }} Example */
/** @typedef {{ method: string, code: string, calls: number, example?: Example }} Failure */
/** @typedef {{ subject?: string, network?: string, agent?: string, protocol: string, calls: number, errors: number, lastAt: number }} Caller */
/** @typedef {{ target: string, services: string[], states: Record<string, number>, connections: number, inFlight: number, pending: number,
 *   retries: number, connectFailures: number, ejections: number }} Upstream */
/** @typedef {{ now: number, since: number, stepMs: number, mostMs: number, open: number, processes: number, isComplete: boolean, total: Figures, others: number,
 *   methods: (Figures & { method: string })[], course: (Figures & { at: number })[], errors: Failure[], callers: Caller[],
 *   upstreams: Upstream[] }} Report */

export {};
