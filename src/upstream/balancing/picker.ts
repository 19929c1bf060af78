/**
 * Which of the addresses that can be called gets the next call.
 */

/** Names of gRPC's: in the order that they are written in, in turn, or the one with fewer calls of a few. */
export type BalancingPolicy = 'pick_first' | 'round_robin' | 'least_request';

export interface Candidate {
  /** Its open calls. */
  readonly inFlight: number;
}

/** Picks one of at least one. */
export type Pick = <C extends Candidate>(candidates: readonly C[]) => C;

/** `choiceCount` is how many addresses least_request compares (gRFC A48), at random where there are more; `random` gives numbers from 0 to below 1. */
export function createPick(policy: BalancingPolicy, choiceCount: number, random: () => number = Math.random): Pick {
  if (policy === 'round_robin') return roundRobin(random);
  if (policy === 'least_request') return leastRequest(choiceCount, random);
  return (candidates) => at(candidates, 0);
}

// It begins anywhere: many gateways that start together do not call the same address first.
function roundRobin(random: () => number): Pick {
  let next = Math.floor(random() * 2 ** 30);
  return (candidates) => at(candidates, next++ % candidates.length);
}

// Where all can be compared they are, beginning anywhere: of several that are equal any may be picked.
function leastRequest(choiceCount: number, random: () => number): Pick {
  return (candidates) => {
    const any = (): number => Math.floor(random() * candidates.length);
    const first = any();
    const areAll = candidates.length <= choiceCount;
    let best = at(candidates, first);
    for (let choice = 1; choice < Math.min(choiceCount, candidates.length); choice++) {
      const other = at(candidates, areAll ? (first + choice) % candidates.length : any());
      if (other.inFlight < best.inFlight) best = other;
    }
    return best;
  };
}

function at<C>(candidates: readonly C[], index: number): C {
  return candidates[index] as C;
}
