import { certificateFaults } from './certificate-faults.ts';
import { clientFaults } from './client-faults.ts';
import { clockFaults } from './clock-faults.ts';
import { gatewayFaults } from './gateway-faults.ts';
import { issuerFaults } from './issuer-faults.ts';
import { lineFaults } from './line-faults.ts';
import { logFaults } from './log-faults.ts';
import { nonsenseFaults } from './nonsense.ts';
import { passwordFaults } from './password-faults.ts';
import { scarcityFaults } from './scarcity-faults.ts';
import type { Fault } from './stage.ts';
import { storeFaults } from './store-faults.ts';
import { upstreamFaults } from './upstream-faults.ts';

/** All of them, in the order of docs/reliability.md. */
export const faults: readonly Fault[] = [
  ...upstreamFaults,
  ...lineFaults,
  ...gatewayFaults,
  ...logFaults,
  ...scarcityFaults,
  ...certificateFaults,
  ...issuerFaults,
  ...clockFaults,
  ...storeFaults,
  ...passwordFaults,
  ...clientFaults,
  ...nonsenseFaults,
];
