// Registers the SDK of OpenTelemetry for a process: spans and measures go to a collector by OTLP. Everything is set by the variables OTEL_*.
//
//     npm install @opentelemetry/sdk-node
//     NODE_OPTIONS=--import=./otel.mjs tandem serve --config tandem.yaml
import { NodeSDK } from '@opentelemetry/sdk-node';

const sdk = new NodeSDK();
sdk.start();
// Not on SIGTERM: calls that are open then have yet to end.
process.once('beforeExit', () => sdk.shutdown());
