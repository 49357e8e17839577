import type { LedgerEntry } from "../../src/ledger/entry.ts";
import { isDeepStrictEqual } from "node:util";
import { positionId } from "../../src/core/record.ts";
import { dayOf, type GroupTally } from "../../src/store/groups.ts";
import type {
  DocumentKey,
  FailedRow,
  Receipt,
  StagedFacts,
  Store,
  StoreReads,
  StoreWrites,
  PassedRow,
  Places,
} from "../../src/store/store.ts";
import type { StreamNote } from "../../src/store/stream-note.ts";
import { volumeKey, type VolumeTally } from "../../src/store/volume.ts";
import { holders, readsOf } from "./sim-reads.ts";
import { rowsOf, stageFacts, stageFailed } from "./sim-staged.ts";
import { applyWrite, copyState, emptyState, type State, type Write } from "./sim-state.ts";
import type { Random } from "./random.ts";
import type { Incarnation, Operation, World } from "./world.ts";

/**
 * A replicated store without transactions: the primary applies a write at once, acknowledges it when a majority has it,
 * and a failover forgets what no majority had. With `atomicUnits` a unit is one write, as in SQLite.
 */
export type SimStore = {
  readonly connect: (incarnation: Incarnation) => Store;
  /** The other members catch up by a few writes. */
  readonly replicate: (all: boolean) => void;
  readonly failover: () => void;
  readonly reads: StoreReads;
  /** Every write that no failover took back, in order. */
  readonly log: () => readonly Write[];
  /** Hash of an entry, if the store still holds it. */
  readonly entryHash: (stream: string, seq: number) => string | null;
};

export function createSimStore(world: World, random: Random, atomicUnits: boolean): SimStore {
  let log: Write[] = [];
  let majority = 0;
  let term = 0;
  let state = emptyState();
  let unitOwner: Incarnation | null = null;

  const append = (write: Write): void => {
    log.push(write);
    applyWrite(state, write);
  };
  const untilMajority = (): (() => "yes" | "no" | "lost") => {
    const position = log.length;
    const since = term;
    return () => (term !== since ? "lost" : majority >= position ? "yes" : "no");
  };

  /** What no failover takes back: the writes that a majority has, of which so many are applied. */
  const durable = emptyState();
  let applied = 0;
  const durableState = (): State => {
    for (; applied < majority; applied += 1) applyWrite(durable, log[applied] as Write);
    return durable;
  };

  const failover = (): void => {
    log = log.slice(0, majority);
    term += 1;
    state = emptyState();
    for (const write of log) applyWrite(state, write);
  };

  const connect = (by: Incarnation): Store => {
    /** A write whose answer leaves once a majority has everything the primary had at that moment. */
    const write = async <T>(execute: () => T, half?: () => void): Promise<T> => {
      // SQLite has one writer: others wait for the end of its transaction.
      const isLocked = (): boolean => atomicUnits && unitOwner !== null && unitOwner !== by && !unitOwner.dead;
      for (;;) {
        let settled: () => "yes" | "no" | "lost" = () => "yes";
        const operation: Operation<{ readonly result: T } | null> = {
          execute: () => {
            if (isLocked()) return null;
            const result = execute();
            settled = untilMajority();
            return { result };
          },
          settled: () => settled(),
          ...(half === undefined ? {} : { half: () => (isLocked() ? undefined : half()) }),
        };
        const done = await world.call(by, operation);
        if (done !== null) return done.result;
      }
    };
    const writes = writesOn(write, () => state, append, random);
    const unit = async <T>(work: (writes: StoreWrites) => Promise<T>): Promise<T> => {
      if (!atomicUnits) return work(writes);
      while (unitOwner !== null && !unitOwner.dead) await world.call(by, { execute: () => undefined });
      unitOwner = by;
      try {
        return await runUnit(
          work,
          write,
          () => state,
          (staged) => {
            // A process that died before its commit was executed never commits: nothing of it is in flight.
            if (!by.dead) staged.forEach(append);
          },
          random,
        );
      } finally {
        if (unitOwner === by) unitOwner = null;
      }
    };
    return {
      ...writes,
      unit,
      tail: async (stream) => world.call(by, { execute: () => lastOf(durableState(), stream) }),
      evidenceOf: async (stream, seq) =>
        world.call(by, { execute: () => durableState().evidence.get(`${stream}|${seq}`) ?? null }),
      streamNote: async (stream) =>
        write(() => {
          const known = state.streams.get(stream.stream);
          if (known !== undefined) return known;
          const note = { number: state.streams.size + 1, ...stream };
          append({ table: "streams", note });
          return note;
        }),
      putContractSet: async (digest, text) =>
        write(() => {
          if (!state.sets.has(digest)) append({ table: "sets", digest, text });
        }),
      contractSet: async (digest) => world.call(by, { execute: () => state.sets.get(digest) ?? null }),
      refusalOf: () => null,
      appendAction: async (action) =>
        write(() => {
          if (state.actions.length > action.seq) return "exists";
          append({ table: "actions", action });
          return "inserted";
        }),
      putRedrivePages: async (pages) => write(() => pages.forEach((page) => append({ table: "pages", page }))),
      putObjectiveCounts: async () => undefined,
      dropObjectiveCounts: async () => undefined,
      putRedrive: async (plan, text) => write(() => append({ table: "plans", plan, text })),
      noteRedriveSeen: async () => undefined,
      putAdvice: async () => undefined,
      noteLogEnds: async () => undefined,
      putHalt: async () => undefined,
      scrub: async () => undefined,
      mendIndex: async () => 0,
      reads: readsOf(durableState),
      close: async () => undefined,
    };
  };

  return {
    connect,
    failover,
    replicate: (all) => {
      majority = all ? log.length : Math.min(log.length, majority + 1 + random.below(4));
    },
    reads: readsOf(() => state),
    log: () => log,
    entryHash: (stream, seq) => state.ledger.get(`${stream}|${seq}`)?.hash ?? null,
  };
}

/** An hour, and the failures in it. */
type HourOf = readonly [number, number];

type Writer = <T>(execute: () => T, half?: () => void) => Promise<T>;

function writesOn(write: Writer, state: () => State, append: (write: Write) => void, random: Random): StoreWrites {
  const insertLedger = (entry: LedgerEntry, packed: Uint8Array | null): "inserted" | "exists" => {
    if (state().ledger.has(`${entry.stream}|${entry.seq}`)) return "exists";
    append({ table: "ledger", entry, packed });
    return "inserted";
  };
  const insertFact = (row: PassedRow): boolean => {
    if (state().validated.has(row.id)) return false;
    append({ table: "validated", row });
    return true;
  };
  const insertAll = (facts: StagedFacts, except: Places): ReadonlySet<number> =>
    new Set(rowsOf(facts).flatMap((row, place) => (except.has(place) || insertFact(row) ? [] : [place])));
  const insertFailed = (row: FailedRow): void => {
    if (!state().failed.has(row.id)) append({ table: "failed", row });
  };
  const insertReceipt = (receipt: Receipt): void => {
    if (!state().receipts.has(positionId(receipt.position))) append({ table: "receipts", receipt });
  };
  const some =
    <T>(rows: readonly T[], insert: (row: T) => unknown) =>
    (): void => {
      for (const row of rows) if (random.chance(0.5)) insert(row);
    };
  const countGroup = ({ number }: StreamNote, seq: number, group: GroupTally): void => {
    const { fingerprint, code, contract } = group;
    const there = state().groups.get(`${fingerprint}/${number}`);
    if (there !== undefined && there.seq >= seq) return;
    const { count: before, firstMs: first, lastMs: last } = there ?? { ...group, count: 0 };
    const count = before + group.count;
    const firstMs = first < group.firstMs ? first : group.firstMs;
    const lastMs = last > group.lastMs ? last : group.lastMs;
    append({ table: "groups", counter: { fingerprint, code, contract, firstMs, lastMs, count, stream: number, seq } });
  };
  /** A counter of a day is raised by itself, as in MongoDB: a crash may leave it behind the group's, or ahead of it. */
  const countDay = (stream: number, seq: number, fingerprint: string, day: number, hours: readonly HourOf[]): void => {
    const id = `${fingerprint}/${day}/${stream}`;
    const before = state().days.get(id);
    if (before !== undefined && before.seq >= seq) return;
    const within = new Map(before?.hours);
    for (const [hour, inHour] of hours) within.set(hour, (within.get(hour) ?? 0) + inHour);
    const count = hours.reduce((sum, [, inHour]) => sum + inHour, before?.count ?? 0);
    append({ table: "days", id, counter: { fingerprint, stream, day, seq, count, hours: within } });
  };
  const raisesOf = (stream: StreamNote, seq: number, group: GroupTally): readonly (() => void)[] => [
    () => countGroup(stream, seq, group),
    ...[...Map.groupBy(group.hours, ([hour]) => dayOf(hour))].map(
      ([day, hours]) =>
        () =>
          countDay(stream.number, seq, group.fingerprint, day, hours),
    ),
  ];
  const countOne = ({ number }: StreamNote, seq: number, tally: VolumeTally): void => {
    const id = `${number}/${volumeKey(tally)}`;
    const known = state().volume.get(id);
    if (known !== undefined && known.seq >= seq) return;
    const { count, first } = known ?? { count: 0, first: seq };
    append({ table: "volume", id, counter: { ...tally, count: count + tally.count, stream: number, first, seq } });
  };
  return {
    insertLedger: async (entry, packed) => write(() => insertLedger(entry, packed)),
    ledgerEntry: async (stream, seq) => write(() => state().ledger.get(`${stream}|${seq}`) ?? null),
    dropEvidence: async (stream, seq) =>
      write(() => {
        if (state().evidence.has(`${stream}|${seq}`)) append({ table: "dropped", key: `${stream}|${seq}` });
      }),
    stageFacts,
    stageFailed,
    insertFacts: async (_, facts, except = new Set()) => {
      const rows = rowsOf(facts).filter((_row, place) => !except.has(place));
      return write(() => insertAll(facts, except), some(rows, insertFact));
    },
    holders: async (_, ids) => write(() => holders(state(), ids)),
    holdersOf: async (_, facts, places) => {
      const rows = rowsOf(facts);
      const placeOf = new Map((places ?? [...rows.keys()]).map((place) => [(rows[place] as PassedRow).id, place]));
      const found = await write(() => holders(state(), [...placeOf.keys()]));
      return new Map([...found].map(([id, holder]) => [placeOf.get(id) as number, holder]));
    },
    looksFirstAbove: 0.25,
    insertFailed: async (_, failed) => {
      const rows = rowsOf(failed);
      return write(() => rows.forEach(insertFailed), some(rows, insertFailed));
    },
    insertReceipts: async (_, receipts) => write(() => receipts.forEach(insertReceipt), some(receipts, insertReceipt)),
    removeDocuments: async (_, { stream, topic, partition }, kind, keys) => {
      // Facts that were changed are left to the audit here.
      if (kind === "validated") return;
      const remove = ({ offset }: DocumentKey): void => {
        const id = positionId({ stream, topic, partition, offset });
        append({ table: "removed", kind, id });
      };
      await write(() => keys.forEach(remove), some(keys, remove));
    },
    replaceEvidence: async (stream, seq, before, after) =>
      write(() => {
        const key = `${stream}|${seq}`;
        if (!isDeepStrictEqual(state().evidence.get(key), before)) return "other";
        append({ table: "evidence", key, packed: after });
        return "replaced";
      }),
    forgetReplaced: async () => undefined,
    replaceFacts: async (_, facts) => {
      const replace = (row: PassedRow): void => append({ table: "validated", row });
      return write(() => rowsOf(facts).forEach(replace), some(rowsOf(facts), replace));
    },
    replaceFailed: async (_, failed) => {
      const replace = (row: FailedRow): void => append({ table: "failed", row });
      return write(() => rowsOf(failed).forEach(replace), some(rowsOf(failed), replace));
    },
    countFailures: async (stream, seq, groups) => {
      const raises = groups.flatMap((group) => raisesOf(stream, seq, group));
      const run = (raise: () => void): void => raise();
      await write(() => raises.forEach(run), some(raises, run));
      return [];
    },
    recountFailures: async () => undefined,
    countVolume: async (stream, seq, tallies) => {
      const count = (tally: VolumeTally): void => countOne(stream, seq, tally);
      await write(() => tallies.forEach(count), some(tallies, count));
    },
    recountVolume: async () => undefined,
    // Who sent what is no part of the protocol.
    noteTraffic: async () => undefined,
  };
}

/** All or nothing: the writes of the unit are kept aside and applied by one commit. */
async function runUnit<T>(
  work: (writes: StoreWrites) => Promise<T>,
  write: Writer,
  state: () => State,
  commit: (staged: readonly Write[]) => void,
  random: Random,
): Promise<T> {
  const staged: Write[] = [];
  const view = copyState(state());
  const direct: Writer = async (execute) => execute();
  const stage = (one: Write): void => {
    staged.push(one);
    applyWrite(view, one);
  };
  const result = await work(writesOn(direct, () => view, stage, random));
  await write(() => commit(staged));
  return result;
}

function lastOf({ ledger }: State, stream: string): LedgerEntry | null {
  let last: LedgerEntry | null = null;
  for (const entry of ledger.values()) if (entry.stream === stream && entry.seq > (last?.seq ?? -1)) last = entry;
  return last;
}
