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
