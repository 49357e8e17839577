import type { CompiledContractSet } from "../../src/core/compiled.ts";
import { Unavailable } from "../../src/core/unavailable.ts";
import { pauseRedrive, readRedrives, startRedrive } from "../../src/failures/redrive/act.ts";
import { makePlan } from "../../src/failures/redrive/make-plan.ts";
import { readPlan, type RedrivePlan, type Selection } from "../../src/failures/redrive/plan.ts";
import { createRecordsAt } from "../../src/failures/redrive/records.ts";
import { runRedrive, type RunEnd } from "../../src/failures/redrive/run.ts";
import { readPage } from "../../src/failures/redrive/source.ts";
import { decodeOutcomes } from "../../src/ledger/proof.ts";
import { redriveOf } from "../../src/ledger/redrive-stream.ts";
import type { Store } from "../../src/store/store.ts";
import { EVERY_FAILURE } from "../failures/redrive/redriving.ts";
import type { Random } from "./random.ts";
import type { SimStore } from "./sim-store.ts";
import type { Incarnation, World } from "./world.ts";

/** People who plan redrives and run them beside the live owners. Whoever runs one may be gone in the middle of it. */
export type Redrivers = {
  /** Begins to plan a redrive of what failed up to now, or of all there is, and to start it. */
  readonly plan: () => void;
  /** Begins to run a plan; a second one at the same time is nothing special. */
  readonly run: () => void;
  /** Somebody pauses a plan, or one of the runners is gone. */
  readonly disturb: () => void;
  /** No more faults: every plan that is started is run to its end. @param step lets the world go on. */
  readonly complete: (step: () => Promise<void>) => Promise<void>;
  /** What is not as it was promised. */
  readonly violations: () => Promise<readonly string[]>;
};

export function createRedrivers(
  world: World,
  random: Random,
  store: SimStore,
  sets: readonly CompiledContractSet[],
): Redrivers {
  // A signal for each history: whoever crashed never lets go of it, and a list of all of them would be walked by every run.
  const { signal } = new AbortController();
  const runners: Incarnation[] = [];
  const found: string[] = [];
  let plans = 0;
  const operator = { actor: "operator", at: "2026-01-01T00:00:00.000Z", reason: "again" };

  const act = async (by: Incarnation, what: (by: Store) => Promise<unknown>): Promise<void> => {
    runners.push(by);
    try {
      await what(store.connect(by));
    } catch (error) {
      if (!(error instanceof Unavailable)) found.push(`BUG: ${String(error)}`);
    } finally {
      if (runners.includes(by)) runners.splice(runners.indexOf(by), 1);
    }
  };

  const planOf = async (by: Store, id: string, set: CompiledContractSet, kind: Selection["kind"]): Promise<void> => {
    const made = await makePlan(
      { store: by, contracts: () => set },
      { id, selection: { ...EVERY_FAILURE, kind }, toVersion: null, operator },
      { signal },
    );
    if ("code" in made) return;
    await startRedrive(by, id, operator, { by: "cli", rate: null });
  };

  const runOf = async (by: Store, incarnation: Incarnation, id: string): Promise<RunEnd | null> => {
    const standing = (await readRedrives(by.reads)).of(id);
    const plan = standing === null ? null : await readPlan(by.reads, id, standing.planDigest);
    // Whoever has the contracts of the plan can run it.
    const set = sets.find(({ digest }) => digest === plan?.contractSet);
    if (plan === null || set === undefined) return null;
    return runRedrive(
      {
        store: by,
        contracts: () => set,
        observe: (event) => {
          if (event.kind === "stream-halted") found.push(`HALT ${event.halt.code}: ${event.halt.message}`);
        },
        now: () => 0,
        sleep: async () => world.call(incarnation, { execute: () => undefined }).catch(() => undefined),
        clock: { monotonicMs: () => 0, nowMs: () => 0 },
        random: random.next,
      },
      id,
      { operator: () => operator, rate: null, whenOvertaken: random.pick(["wait", "end"]), signal },
    );
  };

  const openPlans = async (by: Store): Promise<readonly string[]> =>
    (await readRedrives(by.reads)).all().flatMap(({ id, state }) => (state === "running" ? [id] : []));

  return {
    plan: () => {
      plans += 1;
      const id = plans.toString(16).padStart(12, "0");
      const set = random.pick(sets);
      const kind = random.pick(["failures", "failures", "range"] as const);
      void act({ dead: false }, async (by) => planOf(by, id, set, kind));
    },
    run: () => {
      for (let people = random.chance(0.4) ? 2 : 1; people > 0; people -= 1) {
        const incarnation: Incarnation = { dead: false };
        void act(incarnation, async (by) => {
          for (const id of await openPlans(by)) await runOf(by, incarnation, id);
        });
      }
    },
    disturb: () => {
      const [one] = runners.splice(0, 1);
      if (one !== undefined) world.crash(one);
      if (random.chance(0.2))
        void act({ dead: false }, async (by) => {
          for (const id of await openPlans(by)) await pauseRedrive(by, id, operator);
        });
    },
    complete: async (step) => {
      for (const one of runners) world.crash(one);
      let isOver = false;
      void (async () => {
        const last: Incarnation = { dead: false };
        await act(last, async (by) => {
          const stateOf = async (id: string) => (await readRedrives(by.reads)).of(id)?.state;
          for (const { id } of (await readRedrives(by.reads)).all()) {
            // What a runner that is gone had sent may arrive yet, and pause the plan, or be ahead.
            for (let tries = 0; tries < 5; tries += 1) {
              const state = await stateOf(id);
              if (state === "paused") await startRedrive(by, id, operator, { by: "cli", rate: null });
              if (state === "paused" || state === "running") await runOf(by, last, id);
            }
            const state = await stateOf(id);
            if (state !== "planned" && state !== "done") found.push(`REDRIVE: run to its end a plan is ${state}`);
          }
        });
        isOver = true;
      })();
      for (let steps = 0; !isOver && steps < 6_000; steps += 1) await step();
      if (!isOver) found.push("LIVENESS: a plan did not come to its end");
    },
    violations: async () => [...found, ...(await reservationsLost(store)), ...(await wronglyDecided(store))],
  };
}

/** Two plans of one contract that are started and not over at one time. The operator log alone says it. */
async function reservationsLost({ reads }: SimStore): Promise<readonly string[]> {
  const open = new Set<string>();
  for (const { action, target } of await reads.operatorLog(0, 100_000)) {
    if (action === "redrive-run") open.add(target);
    if (action === "redrive-done" || action === "redrive-cancel") open.delete(target);
    if (open.size > 1) return ["REDRIVE: two plans of one contract are open at a time"];
  }
  return [];
}

/** What plans decided: each record at most once by each, and exactly once where the plan is done and the record could be read. */
async function wronglyDecided({ reads }: SimStore): Promise<readonly string[]> {
  const found: string[] = [];
  const decided = new Map<string, number>();
  for (const stream of await reads.streams()) {
    const of = redriveOf(stream);
    if (of === null) continue;
    for (const entry of await reads.ledger(stream, 0, 1_000))
      for (const { offset } of decodeOutcomes(entry.from, entry.outcomes)?.leaves ?? []) {
        const key = `${of.plan} ${of.source} ${offset}`;
        decided.set(key, (decided.get(key) ?? 0) + 1);
      }
  }
  if ([...decided.values()].some((times) => times > 1)) found.push("REDRIVE: a plan decided a record twice");
  const recordsAt = createRecordsAt(reads);
  for (const { id, state, planDigest } of (await readRedrives(reads)).all()) {
    const plan = await readPlan(reads, id, planDigest);
    if (plan === null) found.push("REDRIVE: a plan is not what the operator log says");
    else if (state === "done") found.push(...(await undecided(plan)));
  }
  return found;

  async function undecided(plan: RedrivePlan): Promise<readonly string[]> {
    for (const { from, to, ...note } of plan.streams) {
      for (let next = BigInt(from); next < BigInt(to);) {
        const page = await readPage(reads, plan.id, note.stream, next);
        const lacking = page.offsets.filter((offset) => !decided.has(`${plan.id} ${note.number} ${offset}`));
        const { records } = await recordsAt(note, lacking, Number.MAX_SAFE_INTEGER);
        if (records.length > 0) return ["REDRIVE: a plan is done, and did not decide a record of it"];
        next = page.to;
      }
    }
    return [];
  }
}
