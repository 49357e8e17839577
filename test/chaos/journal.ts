import { hash, randomUUID } from "node:crypto";
import { Producer, stringSerializer, type MessageToProduce, type ProduceResult } from "@platformatic/kafka";
import type { Random } from "../simulation/random.ts";
import { createPlan, type Plan, type Planned } from "./plan.ts";

/** A record the broker acknowledged, by itself or with the commit of its transaction. */
export type JournalEntry = Omit<Planned, "value" | "headers"> & {
  readonly partition: number;
  readonly offset: bigint;
  /** SHA-256 of the value, hex; "-" for a tombstone. */
  readonly sha256: string;
};

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
  /** Ends the transaction that is open, if one is. */
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
};

type Aimed = { readonly partition: number; readonly planned: Planned };
type Sender = { readonly send: (options: { messages: Message[] }) => Promise<ProduceResult> };
type Message = MessageToProduce<Buffer, Buffer, string, string>;
type KafkaProducer = Producer<Buffer, Buffer, string, string>;
type OpenTransaction = {
  readonly send: (records: readonly Aimed[]) => Promise<void>;
  /** Commits or aborts, and writes it in the book. */
  readonly end: (commit: boolean) => Promise<void>;
};

/** Ends of the transactions of one producer in a row: aborts on both sides of a commit mislead readers that keep only one. */
const BURST = [false, true, false, false, true, true] as const;
/** Share of the records that come in transactions. */
const TRANSACTIONAL = 0.2;
const PADDED_BYTES = 16_384;

export function openJournal(settings: JournalSettings): Journal {
  const { random, topic, partitions } = settings;
  const plan = createPlan(random, settings.prefix);
  const entries: JournalEntry[] = [];
  const aborted: JournalEntry[] = [];
  const transactions = { committed: 0, aborted: 0 };
  const [plain, bursting, lasting] = [openProducer(settings), openProducer(settings), openProducer(settings)];
  let open: OpenTransaction | null = null;

  const begin = async (producer: KafkaProducer): Promise<OpenTransaction> => {
    const transaction = await producer.beginTransaction();
    const pending: JournalEntry[] = [];
    return {
      send: async (records) => void pending.push(...(await send(transaction, topic, records))),
      end: async (commit) => {
        await (commit ? transaction.commit() : transaction.abort());
        (commit ? entries : aborted).push(...pending);
        transactions[commit ? "committed" : "aborted"] += 1;
      },
    };
  };
  const settle = async (commit: boolean = random.chance(0.5)): Promise<void> => {
    const ending = open;
    open = null;
    await ending?.end(commit);
  };
  /** Records anywhere, in requests of a few or of more than a reader takes at once. */
  const writePlain = async (count: number): Promise<void> => {
    for (let left = count; left > 0;) {
      const size = Math.min(left, 1 + random.below(random.chance(0.3) ? 3_000 : 300));
      entries.push(
        ...(await send(
          plain,
          topic,
          take(plan, size, () => random.below(partitions)),
        )),
      );
      left -= size;
    }
  };
  /** One producer, one partition, transaction upon transaction. */
  const writeBursts = async (count: number): Promise<void> => {
    for (let left = count; left > 0;) {
      const partition = random.below(partitions);
      for (const commit of BURST) {
        const size = 1 + random.below(80);
        const transaction = await begin(bursting);
        await transaction.send(take(plan, size, () => partition));
        await transaction.end(commit);
        if (commit) left -= size;
      }
    }
  };
  /** A transaction over all partitions that stays open, and now and then one that no single fetch holds. */
  const writeLasting = async (count: number): Promise<void> => {
    await settle();
    if (random.chance(0.25)) {
      const large = await begin(lasting);
      for (const records of largeTransaction(plan, random.below(partitions), settings.fetchBytes))
        await large.send(records);
      await large.end(random.chance(0.2));
    }
    open = await begin(lasting);
    await open.send(take(plan, count, () => random.below(partitions)));
  };

  return {
    entries,
    aborted,
    transactions,
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
    settle,
    close: async () => {
      await settle(false);
      await Promise.all([plain, bursting, lasting].map(async (producer) => producer.close()));
    },
  };
}

function openProducer({ brokers, prefix }: JournalSettings): KafkaProducer {
  return new Producer<Buffer, Buffer, string, string>({
    clientId: `journal-${prefix}`,
    bootstrapBrokers: brokers.split(","),
    idempotent: true,
    transactionalId: `journal-${prefix}-${randomUUID()}`,
    serializers: { headerKey: stringSerializer, headerValue: stringSerializer },
    retries: 200,
    retryDelay: 10,
    // The client asks for its request timeout as the time after which the broker aborts a transaction by itself.
    timeout: 120_000,
  });
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

/** One request. Within a partition, the broker numbers its records in their order. */
async function send(sender: Sender, topic: string, records: readonly Aimed[]): Promise<readonly JournalEntry[]> {
  if (records.length === 0) return [];
  const { offsets = [] } = await sender.send({ messages: records.map((record) => messageOf(topic, record)) });
  const next = new Map(offsets.map(({ partition, offset }) => [partition, offset]));
  return records.map(({ partition, planned: { kind, shipmentId, content, value } }) => {
    const offset = next.get(partition);
    if (offset === undefined) throw new Error(`the broker acknowledged nothing for partition ${partition}`);
    next.set(partition, offset + 1n);
    const sha256 = value === null ? "-" : hash("sha256", value);
    return { partition, offset, kind, shipmentId, content, sha256 };
  });
}

function messageOf(topic: string, { partition, planned: { value, headers, shipmentId } }: Aimed): Message {
  return {
    topic,
    partition,
    ...(shipmentId === null ? {} : { key: Buffer.from(shipmentId) }),
    ...(value === null ? {} : { value }),
    headers: new Map(headers),
  };
}
