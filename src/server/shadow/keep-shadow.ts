/** Shadow mode as the options want it, through every reload. */
import type { ShadowContext } from './shadow.ts';

/** Begins, where the options ask for it; gives what ends it. Rejects with SchemaError for files of TLS that are none. */
export async function keepShadow(context: ShadowContext): Promise<() => Promise<void>> {
  const { gateway, log } = context;
  let end = async (): Promise<void> => {};
  const begin = async (): Promise<void> => {
    await end();
    end = async () => {};
    const { shadow } = gateway.options;
    if (shadow === undefined || shadow.percent === 0) return;
    const { startShadow } = await import('./shadow.ts');
    end = await startShadow(shadow, context);
  };
  await begin();
  let turn: Promise<void> = Promise.resolve();
  gateway.onReload(() => {
    turn = turn.then(begin).catch((error) => log.error({ err: error }, 'shadow: off until the next reload'));
  });
  return () => (turn = turn.then(() => end()));
}
