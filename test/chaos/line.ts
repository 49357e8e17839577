import { randomUUID } from "node:crypto";
import { Producer, stringSerializer, type MessageToProduce, type ProduceResult } from "@platformatic/kafka";
import { until } from "../patience.ts";
import { bookedAs, type Aimed, type Book, type JournalEntry } from "./book.ts";

/**
 * One producer after the other under one transactional id: the next takes over when the broker fails the one before.
 *
 * Kafka acknowledges the end of a transaction before its markers are in the partitions, and a single broker that is killed
 * in between may never write them (4.4, most of eight kills with broker sessions of 3 s, none of six with 9 s): the records are then neither committed nor aborted until a later
 * transaction of the same id ends in that partition, which decides over both. It takes the first records of the next
 * transaction only when the markers are written. So an end is in doubt when the broker died before that, and the next
 * transaction of the line goes to every partition.
 */
export type Line = {
  /** One request outside of any transaction. */
  readonly send: (records: readonly Aimed[]) => Promise<void>;
  readonly begin: () => Promise<OpenTransaction>;
  /** Ends what a broker that died may have left open for ever. */
  readonly sweep: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type OpenTransaction = {
  readonly send: (records: readonly Aimed[]) => Promise<void>;
  /** Commits or aborts, and writes it in the book. */
  readonly end: (commit: boolean) => Promise<void>;
};

export type LineSettings = {
  readonly brokers: string;
  readonly topic: string;
  readonly name: string;
  /** Whether a broker that fails is waited for. Otherwise its error is thrown. */
  readonly survives: boolean;
  /** A record for each partition, all new: what ends a transaction everywhere. */
  readonly everywhere: () => readonly Aimed[];
};

/** A transaction that ended and whose markers may not be in the log yet. */
type Ended = { readonly records: readonly JournalEntry[]; readonly deaths: number; readonly committed: boolean };

type Sender = { readonly send: (options: { messages: Message[] }) => Promise<ProduceResult> };
type Message = MessageToProduce<Buffer, Buffer, string, string>;
type KafkaTransaction = Sender & { readonly commit: () => Promise<void>; readonly abort: () => Promise<void> };
type KafkaProducer = Producer<Buffer, Buffer, string, string>;

/** Whoever takes over says that it knows no producer id, and is given the next: what was open is aborted with that. */
const TAKING_OVER = { producerId: -1n, producerEpoch: -1 } as const;

export function openLine(settings: LineSettings, book: Book): Line {
  const { topic } = settings;
  const transactionalId = `journal-${settings.name}-${randomUUID()}`;
  let producer = openProducer(settings, transactionalId);
  let last: Ended | null = null;
  let unswept = false;

  const takenOver = async (): Promise<boolean> => {
    try {
      await producer.close(true);
    } catch {
      // It has failed already; the broker refuses it whatever it does.
    }
    producer = openProducer(settings, transactionalId);
    try {
      const nothing = await producer.beginTransaction(TAKING_OVER);
      await nothing.cancel();
      return true;
    } catch {
      return false;
    }
  };
  /** Puts the next producer in the place of one that failed, as soon as the broker takes it. */
  const replace = async (error: unknown): Promise<void> => {
    if (!settings.survives) throw error;
    book.failures += 1;
    unswept = true;
    await until(takenOver, () => `the broker takes no producer again after ${String(error)}`);
  };
  const request = async <T>(run: () => Promise<T>): Promise<T> => {
    book.underWay += 1;
    return run().finally(() => (book.underWay -= 1));
  };
  /** What ended before the broker died and is not known to be in the log as it ended. */
  const confirm = (): void => {
    if (last !== null && last.deaths !== book.deaths) {
      moveToDoubt(book, last);
      unswept = true;
    }
    last = null;
  };
  const begun = async (): Promise<KafkaTransaction> => {
    for (;;) {
      try {
        return await request(async () => producer.beginTransaction(TAKING_OVER));
      } catch (error) {
        await replace(error);
      }
    }
  };
  const begin = async (): Promise<OpenTransaction> => {
    const transaction = await begun();
    const pending: JournalEntry[] = [];
    let state: "empty" | "sent" | "broken" = "empty";
    let sweeps = false;
    const send = async (records: readonly Aimed[]): Promise<void> => {
      if (state === "broken") return;
      if (state === "empty") {
        if (last?.deaths !== book.deaths) confirm();
        sweeps = unswept;
      }
      const all = state === "empty" && sweeps ? [...settings.everywhere(), ...records] : records;
      try {
        pending.push(...(await request(async () => sendTo(transaction, topic, all))));
        if (state === "empty") confirm();
        state = "sent";
      } catch (error) {
        // Whoever takes over aborts it. Should the markers of that be lost, too, the next end decides.
        state = "broken";
        book.doubtful.push(...all.map((record) => bookedAs(record, null)));
        await replace(error);
      }
    };
    const end = async (commit: boolean): Promise<void> => {
      if (state === "broken") {
        book.doubtful.push(...pending);
        return;
      }
      const { deaths } = book;
      try {
        await request(async () => (commit ? transaction.commit() : transaction.abort()));
        last = { records: pending, deaths, committed: commit };
        if (sweeps) unswept = false;
        book.transactions[commit ? "committed" : "aborted"] += 1;
        (commit ? book.entries : book.aborted).push(...pending);
      } catch (error) {
        book.doubtful.push(...pending);
        await replace(error);
      }
    };
    return { send, end };
  };
  return {
    send: async (records) => {
      try {
        book.entries.push(...(await request(async () => sendTo(producer, topic, records))));
      } catch (error) {
        book.doubtful.push(...records.map((record) => bookedAs(record, null)));
        await replace(error);
      }
    },
    begin,
    sweep: async () => {
      if (last !== null && last.deaths !== book.deaths) confirm();
      while (unswept || (last !== null && last.deaths !== book.deaths)) {
        const transaction = await begin();
        await transaction.send(settings.everywhere());
        await transaction.end(true);
      }
    },
    close: async () => producer.close(),
  };
}

function moveToDoubt(book: Book, { records, committed }: Ended): void {
  const from = committed ? book.entries : book.aborted;
  for (const record of records) from.splice(from.lastIndexOf(record), 1);
  book.doubtful.push(...records);
}

function openProducer({ brokers, name }: LineSettings, transactionalId: string): KafkaProducer {
  return new Producer<Buffer, Buffer, string, string>({
    clientId: `journal-${name}`,
    bootstrapBrokers: brokers.split(","),
    idempotent: true,
    transactionalId,
    serializers: { headerKey: stringSerializer, headerValue: stringSerializer },
    retries: 200,
    retryDelay: 10,
    // The client asks for its request timeout as the time after which the broker aborts a transaction by itself.
    timeout: 120_000,
  });
}

/** One request. Within a partition, the broker numbers its records in their order. */
async function sendTo(sender: Sender, topic: string, records: readonly Aimed[]): Promise<readonly JournalEntry[]> {
  if (records.length === 0) return [];
  const { offsets = [] } = await sender.send({ messages: records.map((record) => messageOf(topic, record)) });
  const next = new Map(offsets.map(({ partition, offset }) => [partition, offset]));
  return records.map((record) => {
    const offset = next.get(record.partition);
    if (offset === undefined) throw new Error(`the broker acknowledged nothing for partition ${record.partition}`);
    next.set(record.partition, offset + 1n);
    return { ...bookedAs(record, offset), offset };
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
