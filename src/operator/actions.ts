import type { OperatorAction } from "../ledger/operator-log.ts";
import type { StoreReads } from "../store/store.ts";

const PAGE = 1_000;

/** Reads the operator log from action `fromSeq` on, in order and in pages. */
export async function* operatorActions(
  reads: Pick<StoreReads, "operatorLog">,
  fromSeq = 0,
): AsyncGenerator<OperatorAction> {
  for (let from = fromSeq; ;) {
    const page = await reads.operatorLog(from, PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    from = last.seq + 1;
  }
}

/**
 * Follows the operator log, which only grows: each call hands `see` the actions that came since, in order.
 * @param see is handed each action once, however many calls are made at a time.
 */
export function followActions(
  reads: Pick<StoreReads, "operatorLog">,
  see: (action: OperatorAction) => void,
): () => Promise<void> {
  let next = 0;
  const catchUp = async (): Promise<void> => {
    for await (const action of operatorActions(reads, next)) {
      see(action);
      next = action.seq + 1;
    }
  };
  let last: Promise<void> = Promise.resolve();
  return async () => {
    // One after another: two that read the same actions would hand each of them over twice.
    const caughtUp = last.then(catchUp);
    last = caughtUp.catch(() => undefined);
    return caughtUp;
  };
}
