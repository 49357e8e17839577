import type { Random } from "../simulation/random.ts";
import { arrivedAfterAll, newBook, type Aimed, type JournalEntry } from "./book.ts";
import { openLine, type Line, type OpenTransaction } from "./line.ts";
import { createPlan, type Plan } from "./plan.ts";
import type { VisibleRecord } from "./visible.ts";

/** Writes records of every kind and keeps the book of what was acknowledged. */
export type Journal = {
  /** Every acknowledged record, in no order. */
  readonly entries: readonly JournalEntry[];
  /** Records of aborted transactions: nobody may ever decide these. */
  readonly aborted: readonly JournalEntry[];
  /** Transactions that ended. */
  readonly transactions: { readonly committed: number; readonly aborted: number };
  /** Writes about so many records that will count. A transaction may stay open, which holds back what readers see. */
  readonly write: (count: number) => Promise<void>;
  /** Requests that wait for their answer now, how many the broker has failed, and how many records that left in doubt. */
  readonly requests: () => { readonly underWay: number; readonly failed: number; readonly doubtful: number };
  /** Enters the records in doubt that are in the log. */
  readonly enterArrived: (visible: readonly VisibleRecord[]) => void;
  /** The broker was killed: what ended a moment before may never have come to its end. */
  readonly brokerDied: () => void;
  /** Ends the transaction that is open, if one is, and what a broker that died may have left open. */
  readonly settle: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type JournalSettings = {
  readonly brokers: string;
  readonly topic: string;
  readonly partitions: number;
  readonly random: Random;
  /** Every shipment_id begins with it. */
  readonly prefix: string;
  /** What a reader fetches at once; some aborted transactions are larger. */
  readonly fetchBytes: number;
  /** Whether a broker that fails is waited for; the records it failed may then be in the log or not. */
  readonly survives?: boolean;
};

/** Ends of the transactions of one producer in a row: aborts on both sides of a commit mislead readers that keep only one. */
const BURST = [false, true, false, false, true, true] as const;
/** Share of the records that come in transactions. */
const TRANSACTIONAL = 0.2;
const PADDED_BYTES = 16_384;

export function openJournal(settings: JournalSettings): Journal {
  const { random, partitions } = settings;
  const plan = createPlan(random, settings.prefix);
  const book = newBook();
  const { entries, aborted, transactions } = book;
  const { survives = false, prefix: name } = settings;
  const everywhere = (): readonly Aimed[] =>
    Array.from({ length: partitions }, (_, partition) => ({ partition, planned: plan.next() }));
  const line = (): Line => openLine({ ...settings, name, survives, everywhere }, book);
  const [plain, bursting, lasting] = [line(), line(), line()];
  let open: OpenTransaction | null = null;

  const endOpen = async (commit: boolean = random.chance(0.5)): Promise<void> => {
    const ending = open;
    open = null;
    await ending?.end(commit);
  };
  /** Records anywhere, in requests of a few or of more than a reader takes at once. */
  const writePlain = async (count: number): Promise<void> => {
    for (let left = count; left > 0;) {
      const size = Math.min(left, 1 + random.below(random.chance(0.3) ? 3_000 : 300));
      await plain.send(take(plan, size, () => random.below(partitions)));
      left -= size;
    }
  };
  /** One producer, one partition, transaction upon transaction. */
  const writeBursts = async (count: number): Promise<void> => {
    for (let left = count; left > 0;) {
      const partition = random.below(partitions);
      for (const commit of BURST) {
        const size = 1 + random.below(80);
        const transaction = await bursting.begin();
        await transaction.send(take(plan, size, () => partition));
        await transaction.end(commit);
        if (commit) left -= size;
      }
    }
  };
  /** A transaction over all partitions that stays open, and now and then one that no single fetch holds. */
  const writeLasting = async (count: number): Promise<void> => {
    await endOpen();
    if (random.chance(0.25)) {
      const large = await lasting.begin();
      for (const records of largeTransaction(plan, random.below(partitions), settings.fetchBytes))
        await large.send(records);
      await large.end(random.chance(0.2));
    }
    open = await lasting.begin();
    await open.send(take(plan, count, () => random.below(partitions)));
  };

  return {
    entries,
    aborted,
    transactions,
    requests: () => ({ underWay: book.underWay, failed: book.failures, doubtful: book.doubtful.length }),
    enterArrived: (visible) => void entries.push(...arrivedAfterAll(visible, book)),
    brokerDied: () => void (book.deaths += 1),
    write: async (count) => {
      // The broker refuses to end a transaction that nothing was sent in.
      if (count <= 0) return;
      const before = entries.length;
      const transactional = Math.ceil((count * TRANSACTIONAL) / 2);
      await Promise.all([
        writePlain(Math.floor(count * (1 - TRANSACTIONAL))),
        writeBursts(transactional),
        writeLasting(transactional),
      ]);
      await writePlain(count - (entries.length - before));
    },
    settle: async () => {
      await endOpen();
      await bursting.sweep();
      await lasting.sweep();
    },
    close: async () => {
      await endOpen(false);
      await Promise.all([plain, bursting, lasting].map(async (one) => one.close()));
    },
  };
}

function take(plan: Plan, count: number, aim: () => number): readonly Aimed[] {
  return Array.from({ length: count }, () => ({ partition: aim(), planned: plan.next() }));
}

/** Half as large again as a fetch, on one partition, in requests of a quarter of a fetch. */
function largeTransaction(plan: Plan, partition: number, fetchBytes: number): readonly (readonly Aimed[])[] {
  const perRequest = Math.max(1, Math.floor(fetchBytes / 4 / PADDED_BYTES));
  return Array.from({ length: 6 }, () =>
    Array.from({ length: perRequest }, () => ({ partition, planned: plan.padded(PADDED_BYTES) })),
  );
}
