import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { CLOCK } from "../../../app/clock.ts";
import { openDeciding } from "../../../app/deciding.ts";
import { openEngine } from "../../../app/engine.ts";
import { refuseWrongIndex } from "../../../app/stores.ts";
import type { Config } from "../../../config/config.ts";
import { EXIT } from "../../../config/codes.ts";
import { cancelRedrive, pauseRedrive, readRedrives } from "../../../failures/redrive/act.ts";
import { askToRun, planNamed, type KnownPlan } from "../../../failures/redrive/ask.ts";
import { makePlan } from "../../../failures/redrive/make-plan.ts";
import { parseSelection, type SelectionText } from "../../../failures/redrive/parse-selection.ts";
import type { RedrivePlan, Selection } from "../../../failures/redrive/plan.ts";
import { reportOf } from "../../../failures/redrive/report.ts";
import { runRedrive, type RunEnd } from "../../../failures/redrive/run.ts";
import { runnerSeen, type RunnerSeen } from "../../../failures/redrive/seen.ts";
import type { RedriveState } from "../../../failures/redrive/states.ts";
import type { ContractsEvent } from "../../../gateway/event.ts";
import type { Store } from "../../../store/store.ts";
import { createProgress } from "../../terminal/progress.ts";
import { note, print, printJson, printTable } from "../../terminal/output.ts";
import { toRun, withCommands } from "../../terminal/printed-command.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";
import { onInterruption } from "../../terminal/signals.ts";
import { requireContracts } from "../contracts.ts";
import { operatorOf } from "../operate/operator.ts";
import { printPlan, printReport } from "./redrive-page.ts";

export type ActOptions = { readonly reason: string; readonly json: boolean };

export type PlanOptions = ActOptions & SelectionText & { readonly toVersion?: number };

export type RunCommandOptions = ActOptions & {
  readonly rate?: number;
  readonly expect?: number;
  /** The gateways are to run it. */
  readonly detach: boolean;
};

/** How long an interrupted batch may take. */
const DEADLINE_MS = 30_000;

/** `sigma redrive plan`: freezes the records, judges them by the live contracts, and stores nothing of them. */
export async function planCommand(command: Command, options: PlanOptions): Promise<void> {
  const operator = operatorOf(options);
  const selection = selectionOf(options, Date.now());
  await withStore(command, async (store, decidingOf) => {
    const { contracts, learnSchemaIds } = await decidingOf();
    const interruption = onInterruption(DEADLINE_MS);
    const progress = createProgress(options.json ? "json" : "text");
    const onProgress = (_step: string, records: number): void =>
      progress.update({ records, failed: 0, bytes: 0, bytesTotal: null });
    try {
      const made = await makePlan(
        { store, contracts, ...(learnSchemaIds === undefined ? {} : { learnSchemaIds }) },
        { id: randomBytes(6).toString("hex"), selection, toVersion: options.toVersion ?? null, operator },
        { signal: interruption.signal, onProgress },
      );
      progress.end();
      if ("code" in made) throw refusalOf(made);
      if (options.json) return printJson({ kind: "plan", ...made });
      printPlan(made, "planned");
      note(`Run it: ${toRun(`redrive run ${made.id} --expect ${made.count} --reason TEXT`)}`);
    } finally {
      progress.end();
      interruption.dispose();
    }
  });
}

/** `sigma redrive show`: the plan, its dry run and its report. */
export async function showPlan(command: Command, id: string, { json }: { readonly json: boolean }): Promise<void> {
  await withStore(command, async (store) => {
    const { plan, standing } = await known(store, id);
    const { state } = standing;
    const report = await reportOf(store.reads, plan);
    const runner = await runnerSeen(store.reads, standing, Date.now());
    if (json) return printJson({ kind: "plan", ...plan, state, runner, report });
    printPlan(plan, stateText(state, runner));
    if (runner?.isSilent === true) print(`Nobody runs it. Go on: ${toRun(`redrive run ${id}`)}`);
    print("");
    printReport(report);
  });
}

/** `sigma redrive status`: every plan in the operator log. */
export async function listPlans(command: Command, { json }: { readonly json: boolean }): Promise<void> {
  await withStore(command, async (store) => {
    const all = (await readRedrives(store.reads)).all();
    const plans = await Promise.all(
      all.map(async (one) => ({ ...one, runner: await runnerSeen(store.reads, one, Date.now()) })),
    );
    if (json)
      return plans.forEach(({ id, state, runner, count, subjects, planned }) =>
        printJson({
          kind: "redrive",
          id,
          state,
          runner,
          count,
          subjects,
          at: planned.at,
          actor: planned.actor,
          reason: planned.reason,
        }),
      );
    if (plans.length === 0)
      return print(`There is no plan. Make one: ${toRun("redrive plan --group FINGERPRINT --reason TEXT")}`);
    const rows = plans.map(({ id, state, runner, count, subjects, planned }) => [
      id,
      stateText(state, runner),
      String(count),
      subjects.join(", "),
      planned.at.slice(0, 19).replace("T", " "),
      planned.reason.slice(0, 60),
    ]);
    printTable([["PLAN", "STATE", "RECORDS", "CONTRACTS", "PLANNED", "REASON"], ...rows], [2]);
  });
}

/** The state of a plan, and whether nobody runs one that is running: its runner was killed. */
function stateText(state: RedriveState, runner: RunnerSeen | null): string {
  if (runner?.isSilent !== true) return state;
  return runner.at === null ? `${state}, by nobody` : `${state}, by nobody since ${runner.at}`;
}

/** `sigma redrive run`: runs a plan in this process until it is done, paused or cancelled. */
export async function runPlan(command: Command, id: string, options: RunCommandOptions): Promise<void> {
  const operator = operatorOf(options);
  await withStore(command, async (store, decidingOf, config) => {
    const { plan } = await known(store, id);
    refuseUnexpected(plan, options);
    const rate = options.rate ?? null;
    if (!options.detach) await refuseWrongIndex(store);
    const deciding = await decidingOf();
    const asked = { by: options.detach ? "gateway" : "cli", rate, expect: null, operator } as const;
    const refused = await askToRun(store, deciding.contracts(), plan.id, asked);
    if (refused !== null) throw refusalOf(refused);
    if (options.detach) return sayGiven(plan.id, options);
    const interruption = onInterruption(DEADLINE_MS);
    const progress = createProgress(options.json ? "json" : "text");
    let [records, failed] = [0, 0];
    try {
      const end = await runRedrive(
        {
          ...deciding,
          store,
          evidence: config.evidence,
          observe: (event) => {
            if (event.kind !== "batch-settled") return;
            records += event.count;
            for (const count of event.failures.values()) failed += count;
            progress.update({ records, failed, bytes: 0, bytesTotal: null });
          },
          now: () => performance.now(),
          sleep: async (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
          clock: CLOCK,
          random: Math.random,
        },
        plan.id,
        { operator: () => operator, rate, signal: interruption.signal },
      );
      progress.end();
      // A plan that nobody runs must not keep other plans of its contract from running.
      if (end.kind !== "done" && end.kind !== "stopped")
        await pauseRedrive(store, plan.id, {
          ...operator,
          at: new Date().toISOString(),
          reason: `the run ended: ${end.kind}`,
        });
      const report = await reportOf(store.reads, plan);
      if (options.json) printJson({ kind: "redriven", plan: plan.id, end: end.kind, ...report });
      else {
        print(endOf(end, plan.id));
        printReport(report);
      }
      process.exitCode = interruption.exitCode() ?? exitOf(end);
    } finally {
      progress.end();
      interruption.dispose();
    }
  });
}

function sayGiven(plan: string, { json }: RunCommandOptions): void {
  if (json) return printJson({ kind: "redrive", id: plan, state: "running", by: "gateway" });
  print(`plan ${plan} is given to the gateways: one that runs takes it up within seconds`);
  print(`Follow it: ${toRun(`redrive show ${plan}`)}`);
}

/** `sigma redrive pause|cancel`: recorded in the operator log; whoever runs the plan stops behind its batch. */
export async function actOn(
  command: Command,
  what: "pause" | "cancel",
  id: string,
  options: ActOptions,
): Promise<void> {
  const operator = operatorOf(options);
  await withStore(command, async (store) => {
    const refused = await (what === "pause" ? pauseRedrive : cancelRedrive)(store, id, operator);
    if (refused !== null) throw refusalOf(refused);
    const state = (await readRedrives(store.reads)).of(id)?.state;
    if (options.json) return printJson({ kind: "redrive", id, state });
    print(`plan ${id} is ${state}; what was sent again stays`);
  });
}

async function withStore(
  command: Command,
  work: (store: Store, decidingOf: () => ReturnType<typeof openDeciding>, config: Config) => Promise<void>,
): Promise<void> {
  const config = await configFor(command);
  const loaded = await requireContracts(config);
  const collections = [...new Set([...loaded.set.bySubject.values()].map(({ collection }) => collection))];
  const { store, log, close } = await openEngine(config, collections, "operate");
  const observe = (event: ContractsEvent): void => {
    if (event.kind === "schema-id-unknown") note(`schema id ${event.id} is of no contract version: ${event.why}`);
  };
  try {
    await work(store, async () => openDeciding(config, loaded, log, observe), config);
  } finally {
    await close();
  }
}

/** @throws Refusal when there is no such plan, or it is damaged. */
async function known({ reads }: Pick<Store, "reads">, id: string): Promise<KnownPlan> {
  const found = await planNamed(reads, id);
  if ("code" in found) throw refusalOf(found);
  return found;
}

function refusalOf({ message, remedy }: { readonly message: string; readonly remedy: string }): Refusal {
  return new Refusal("SIG-F-010", message, withCommands(remedy), EXIT.findings);
}

/** @throws Refusal when the plan has another number of records, or none is named where nobody sees it. */
function refuseUnexpected({ id, count }: RedrivePlan, { expect }: RunCommandOptions): void {
  if (expect === undefined && !process.stdin.isTTY)
    throw usage(
      "SIG-F-011",
      `Cannot run plan ${id} unseen: --expect is needed without a terminal`,
      `add --expect ${count}`,
    );
  if (expect !== undefined && expect !== count)
    throw usage(
      "SIG-F-011",
      `Cannot run plan ${id}: it has ${count} records, and ${expect} are expected`,
      `look at it: ${toRun(`redrive show ${id}`)}`,
    );
}

function endOf(end: RunEnd, id: string): string {
  switch (end.kind) {
    case "done":
      return `plan ${id} is done`;
    case "stopped":
      return `plan ${id} is ${end.state}`;
    case "interrupted":
    case "overtaken":
      return `plan ${id} is paused; go on with ${toRun(`redrive run ${id}`)}`;
    case "refused":
      return `${end.refusal.message}: ${withCommands(end.refusal.remedy)}`;
    case "halted":
      return `${end.halt.message}: ${withCommands(end.halt.remedy)}`;
  }
}

function exitOf({ kind }: RunEnd): number {
  return kind === "done" || kind === "stopped" ? EXIT.ok : EXIT.findings;
}

/** @throws Refusal that names the option. */
function selectionOf(options: PlanOptions, nowMs: number): Selection {
  const { from, to, all, group, code, topic, partition, since, until } = options;
  const parsed = parseSelection({ all, ...given({ from, to, group, code, topic, partition, since, until }) }, nowMs);
  if (parsed.ok) return parsed.selection;
  const message = `Cannot use --${parsed.parameter}: it ${parsed.message}`;
  throw usage("SIG-F-001", message, "see sigma redrive plan --help");
}

type Given = Omit<SelectionText, "all">;

/** The options that were given. */
function given(options: { readonly [Name in keyof Given]: string | undefined }): Given {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
