/** Time as balancing sees it, so that its rules can be tested without waiting. */
export interface Clock {
  /** Milliseconds that only grow. */
  now(): number;
  /** Acts after so many milliseconds; gives the function that cancels it. Does not keep the process alive. */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms).unref();
    return () => clearTimeout(timer);
  },
};
