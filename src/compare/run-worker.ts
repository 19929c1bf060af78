/** The process that makes the calls of a measurement, so that its work is not taken for the gateway's. Started by `measure.ts`. */

import type { Protocol } from './prepared-call.ts';
import { type Block, type BlockPlan, runBlocks } from './run-blocks.ts';

/** To the parent: it answers each with `true`, or `false` to end. */
export type WorkerMessage =
  | { readonly kind: 'begin'; readonly protocol: Protocol }
  | { readonly kind: 'end'; readonly block: Block }
  | { readonly kind: 'done'; readonly failure: string | undefined };

async function tell(message: WorkerMessage): Promise<boolean> {
  const answer = new Promise<unknown>((resolve) => process.once('message', resolve));
  process.send?.(message);
  return (await answer) === true;
}

process.once('message', async (plan: BlockPlan) => {
  let failure: string | undefined;
  try {
    await runBlocks(plan, {
      onBegin: async (protocol) => void (await tell({ kind: 'begin', protocol })),
      onEnd: (block) => tell({ kind: 'end', block }),
    });
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  await tell({ kind: 'done', failure });
  process.disconnect();
});
