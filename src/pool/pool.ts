import type { CompiledContractSet } from "../core/compiled.ts";
import { ENGINE, type Decision } from "../core/decide.ts";
import type { SourceRecord } from "../core/record.ts";
import { Unavailable } from "../core/unavailable.ts";
import type { PoolEvent } from "../gateway/event.ts";
import { askWho, askDecisions, type Answer } from "./ask.ts";
import { readDecisions, writeRecords } from "./wire.ts";

/** Whether a validator is used. `other-set`: its contracts or its engine are others, so it must not be. */
export type ValidatorState = PoolEvent["state"];

/** One validator of the pool. */
export type Validator = {
  readonly url: string;
  readonly state: ValidatorState;
  /** Why it is not used; "" when it is. */
  readonly why: string;
  readonly inFlight: number;
  /** Batches that it decided for this process. */
  readonly batches: number;
};

export type PoolDeps = {
  readonly urls: readonly string[];
  /** Value of the header `Authorization`; null: it is not sent. */
  readonly authorization: string | null;
  /** Batches that one validator decides at a time. */
  readonly inFlightMax: number;
  readonly timeoutMs: number;
  /** The live contract set, which the health checks compare. */
  readonly contracts: () => CompiledContractSet;
  readonly report: (event: PoolEvent) => void;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Validators that decide for this process. */
export type Pool = {
  /**
   * The decisions of a batch by one contract set, as this process would make them.
   * @returns null where this process should decide by itself: the batch is too large to be sent.
   * @throws `Unavailable` when no validator that has the set and the engine answers: there is no decision yet.
   */
  readonly decide: (
    records: readonly SourceRecord[],
    set: CompiledContractSet,
    signal: AbortSignal,
  ) => Promise<readonly Decision[] | null>;
  readonly validators: () => readonly Validator[];
  readonly close: () => Promise<void>;
};

/** How often each validator is asked how it is. */
const LOOK_EVERY_MS = 1_000;
/** A batch that a validator has no room for is asked about again after so long, and so often; then the validator is left out. */
const BUSY_PAUSE_MS = 100;
const BUSY_MAX = 50;
/** A larger batch is decided here: a validator holds 64 MiB of bodies at a time. */
export const SENT_BYTES_MAX = 33_554_432;

type Member = { -readonly [Field in keyof Validator]: Validator[Field] };

/**
 * Opens a pool. Each batch goes to the validator that decides fewest at the time, and to no other while that one works on it (no
 * hedging). One that does not answer, or not with what it was asked for, is left out until a health check finds it well; the batch goes
 * to the next one. One that has no room for it is asked again a little later, or another one is.
 */
export function openPool(deps: PoolDeps): Pool {
  const members = deps.urls.map((url): Member => ({ url, state: "unknown", why: "", inFlight: 0, batches: 0 }));
  const waiting = new Set<() => void>();
  const closing = new AbortController();
  const wake = (): void => {
    for (const go of waiting) go();
    waiting.clear();
  };
  const found = (one: Member, state: ValidatorState, why: string): void => {
    const changed = one.state !== state;
    one.state = state;
    one.why = why;
    if (changed) deps.report({ kind: "validator-changed", url: one.url, state, why });
    if (changed && state === "ready") wake();
  };
  const look = async (one: Member): Promise<void> => {
    const { digest } = deps.contracts();
    const answer = await askWho(one.url, deps, closing.signal);
    if (!closing.signal.aborted) judge(one, answer, digest, found);
  };
  const watching = members.map(async (one) => {
    while (!closing.signal.aborted) {
      await look(one);
      await deps.sleep(LOOK_EVERY_MS, closing.signal);
    }
  });
  return {
    decide: async (records, set, signal) => {
      if (records.length === 0) return [];
      const body = writeRecords(records);
      if (body.length > SENT_BYTES_MAX) return null;
      for (let busy = 0; ;) {
        // Who it works for may be another process: nobody says when it is free.
        if (busy > 0) await deps.sleep(BUSY_PAUSE_MS, signal);
        const one = await takeMember(members, waiting, deps.inFlightMax, signal);
        try {
          const answer = await askDecisions(one.url, deps, { body, contractSet: set.digest }, signal);
          if (signal.aborted) throw gone(members);
          const decisions = answer.kind === "answer" ? readDecisions(answer.body, set, records.length) : null;
          if (decisions !== null) {
            one.batches += 1;
            return decisions;
          }
          if (answer.kind === "busy" && busy < BUSY_MAX) {
            busy += 1;
            continue;
          }
          const why = answer.kind === "answer" ? "its answer is none" : answer.why;
          found(one, answer.kind === "other" ? "other-set" : "away", why);
        } finally {
          one.inFlight -= 1;
          wake();
        }
      }
    },
    validators: () => members.map((one) => ({ ...one })),
    close: async () => {
      closing.abort();
      wake();
      await Promise.all(watching);
    },
  };
}

function judge(
  one: Member,
  answer: Answer<{ readonly contractSet: string; readonly engine: string }>,
  digest: string,
  found: (one: Member, state: ValidatorState, why: string) => void,
): void {
  if (answer.kind !== "answer") return found(one, answer.kind === "other" ? "other-set" : "away", answer.why);
  const { contractSet, engine } = answer.body;
  if (engine !== ENGINE) return found(one, "other-set", `it has engine ${engine}, this process ${ENGINE}`);
  if (contractSet === digest) return found(one, "ready", "");
  found(one, "other-set", `it has contract set ${contractSet.slice(0, 12)}, this process ${digest.slice(0, 12)}`);
}

/** Waits for the member that decides fewest batches, and counts one more with it. @throws `Unavailable` when none can be asked. */
async function takeMember(
  members: readonly Member[],
  waiting: Set<() => void>,
  inFlightMax: number,
  signal: AbortSignal,
): Promise<Member> {
  for (;;) {
    const ready = members.filter(({ state }) => state === "ready");
    if (ready.length === 0 || signal.aborted) throw gone(members);
    const [least] = ready.toSorted((a, b) => a.inFlight - b.inFlight || a.batches - b.batches);
    if (least !== undefined && least.inFlight < inFlightMax) {
      least.inFlight += 1;
      return least;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.add(resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    waiting.delete(resolve);
  }
}

function gone(members: readonly Member[]): Unavailable {
  const whys = members.map(({ url, state, why }) => `${new URL(url).host} ${why === "" ? `is ${state}` : `- ${why}`}`);
  return new Unavailable(
    "POOL_UNREACHABLE",
    `Cannot decide: no validator of decide.pool can be asked (${whys.join("; ")})`,
    "start validators with the same contracts, sources, lanes and version of the program, or leave decide.pool out",
  );
}
