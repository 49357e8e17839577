import type { Cost, Coefficients, Kind } from "./coefficients.ts";

/** What is to be predicted: who shares the work, what arrives, and on what machines. */
export type Plan = {
  readonly partitions: number;
  readonly workers: number;
  /** Bytes of a record's value. */
  readonly recordBytes: number;
  /** Parts of the records that fail, and that repeat an earlier one: 0 to 1, together at most 1. */
  readonly failing: number;
  readonly repeated: number;
  /** Records that arrive in a second; null: all are there already, and are worked off as fast as can be. */
  readonly rate: number | null;
  /** Cores that the workers have. */
  readonly cores: number;
  /** Cores that MongoDB and Kafka have for themselves; null: they share those of the workers. */
  readonly storeCores: number | null;
  /** Milliseconds of a question to the store besides its CPU; null: that of the costs. */
  readonly writeMs: number | null;
  readonly batchRecords: number;
  readonly batchBytes: number;
};

/** What is asked of whom for a batch, in microseconds of CPU. */
export type BatchCost = {
  readonly broker: number;
  /** Of the thread that decides, and of those beside it. */
  readonly deciding: number;
  readonly beside: number;
  readonly ledger: number;
  readonly documents: number;
  /** What the store does when the batch no longer waits. */
  readonly later: number;
};

/** Which part of the records becomes what. */
export function sharesOf({ failing, repeated }: Pick<Plan, "failing" | "repeated">): Readonly<Record<Kind, number>> {
  return { fact: Math.max(0, 1 - failing - repeated), failure: failing, receipt: repeated };
}

/** What a record costs on average. */
export function averageOf(costs: Readonly<Record<Kind, Cost>>, plan: Plan): number {
  const { fact, failure, receipt } = sharesOf(plan);
  const of = (cost: Cost): number => costOf(cost, plan.recordBytes);
  return fact * of(costs.fact) + failure * of(costs.failure) + receipt * of(costs.receipt);
}

export function costOf({ fixed, perKilobyte }: Cost, bytes: number): number {
  return fixed + (perKilobyte * bytes) / 1_000;
}

/** Most records of a batch: it is cut at `batch.records` and at `batch.bytes`, and holds one record at least. */
export function batchRecordsMax({ batchRecords, batchBytes, recordBytes }: Plan): number {
  return Math.max(1, Math.min(batchRecords, Math.floor(batchBytes / Math.max(1, recordBytes))));
}

/** What a batch costs, as a function of its records. A fifth of the store's work is the entry with its evidence, the rest are documents. */
export function batchCosts({ own, store, broker, crowded }: Coefficients, plan: Plan): (records: number) => BatchCost {
  const crowd = 1 + (crowded - 1) * Math.min(1, Math.max(0, plan.workers / plan.cores - 1));
  const crowdOfStore = plan.storeCores === null ? crowd : 1;
  const shared = (plan.workers > 1 ? own.shared : 1) * crowd;
  const looks = plan.repeated > LOOKS_FIRST_ABOVE ? 1 : 0;
  const ownRecord = (averageOf(own.record, plan) + looks * own.look) * shared;
  const storeRecord = averageOf(store.record, plan) + looks * store.look;
  const brokerRecord = costOf(broker.record, plan.recordBytes);
  return (records) => {
    const ours = own.batch * crowd + records * ownRecord;
    const ofStore = (store.batch + records * storeRecord) * crowdOfStore;
    const now = ofStore * (1 - store.later);
    return {
      broker: broker.batch + records * brokerRecord,
      deciding: ours * (1 - own.beside),
      beside: ours * own.beside,
      ledger: now * LEDGER_PART,
      documents: now * (1 - LEDGER_PART),
      later: ofStore * store.later,
    };
  };
}

const LEDGER_PART = 0.2;
/** Where more records are repeats, ids are looked up before the insert (`src/store/mongodb/writes.ts`). */
const LOOKS_FIRST_ABOVE = 0.003;
