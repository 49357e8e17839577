import type { LoadedContract } from "../contract/files.ts";
import { didYouMean } from "../contract/yaml-fields.ts";
import {
  describeDuration,
  describeTarget,
  indicatorOf,
  OBJECTIVE_KINDS,
  parseDuration,
  parseTarget,
  type ObjectiveKind,
} from "../slo/objective.ts";
import type { ConfigFault } from "./fault.ts";
import { listOf } from "./list-of.ts";
import type { ObjectiveSetting } from "./setting-row.ts";
import type { SettingsByKey } from "./settings.ts";

/** The parts of an objective as they are written; undefined where one is not. */
export type WrittenObjective = {
  readonly name: string | undefined;
  readonly kind: string | undefined;
  readonly contract: string | undefined;
  readonly target: string | undefined;
  readonly window: string | undefined;
  readonly within: string | undefined;
};

export type ObjectivePart = keyof WrittenObjective;

/** What is wrong with one part, and what to write. */
export type ObjectiveFault = { readonly part: ObjectivePart; readonly message: string; readonly remedy: string };

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WINDOW_DAYS = { min: 1, max: 90 } as const;
const WITHIN_MAX_MS = DAY_MS;
/** More would make a page of rules that nobody reads. */
const OBJECTIVES_MAX = 100;

/** Makes an objective of its parts, or says what is wrong with each. */
export function objectiveOf(
  written: WrittenObjective,
): Omit<ObjectiveSetting, "place"> | { readonly faults: readonly ObjectiveFault[] } {
  const faults: ObjectiveFault[] = [];
  const wrong = (part: ObjectivePart, message: string, remedy: string): null => {
    faults.push({ part, message, remedy });
    return null;
  };
  const { name = "" } = written;
  if (!NAME.test(name))
    wrong("name", nameProblem(written.name), "Write name: shipment-quality, in lower-case letters, digits and dashes");
  const kind = OBJECTIVE_KINDS.find((one) => one === written.kind) ?? null;
  if (kind === null) wrong("kind", kindProblem(written.kind), `Write kind: ${OBJECTIVE_KINDS.join(", or kind: ")}`);
  const subject = written.contract ?? null;
  if (subject === null && kind !== null && kind !== "availability")
    wrong("contract", `An objective of ${kind} needs a contract`, "Add contract: and the name of one");
  const targetMillionths = readTarget(written.target, wrong);
  const windowMs = readWindow(written.window, wrong);
  const withinMs = kind === null ? null : readWithin(kind, written.within, wrong);
  if (faults.length > 0 || kind === null || targetMillionths === null || windowMs === null) return { faults };
  return { name, kind, subject, targetMillionths, windowMs, withinMs };
}

type Wrong = (part: ObjectivePart, message: string, remedy: string) => null;

function nameProblem(name: string | undefined): string {
  return name === undefined
    ? "An objective needs a name"
    : `"${short(name)}" is no name of an objective, which has at most 40 lower-case letters, digits and dashes`;
}

function kindProblem(kind: string | undefined): string {
  return kind === undefined
    ? "An objective needs a kind"
    : `There is no kind of objective "${short(kind)}"${didYouMean(kind, OBJECTIVE_KINDS)}`;
}

function readTarget(text: string | undefined, wrong: Wrong): number | null {
  if (text === undefined) return wrong("target", "An objective needs a target", "Add target: 99.5%");
  const millionths = parseTarget(text);
  if (millionths === 1_000_000)
    return wrong(
      "target",
      "A target of 100% leaves no budget: the first bad event would miss it, and no alert could come before",
      "Write what is good enough, as 99.9%",
    );
  if (millionths !== null) return millionths;
  const message = `"${short(text)}" is no target: a percentage above 0% and below 100%, with at most four decimals`;
  return wrong("target", message, "Write it with its sign, as 99.5%");
}

function readWindow(text: string | undefined, wrong: Wrong): number | null {
  if (text === undefined) return wrong("window", "An objective needs a window", "Add window: 30d");
  const ms = parseDuration(text);
  if (ms !== null && ms % HOUR_MS === 0 && ms >= WINDOW_DAYS.min * DAY_MS && ms <= WINDOW_DAYS.max * DAY_MS) return ms;
  const { min, max } = WINDOW_DAYS;
  const message = `"${short(text)}" is no window of an objective: whole hours or days, from ${min}d to ${max}d`;
  return wrong("window", message, "Write window: 30d");
}

function readWithin(kind: ObjectiveKind, text: string | undefined, wrong: Wrong): number | null {
  if (kind !== "freshness")
    return text === undefined
      ? null
      : wrong("within", `An objective of ${kind} has no time to be within`, "Remove within, or write kind: freshness");
  if (text === undefined)
    return wrong("within", "An objective of freshness needs the time to be within", "Add within: 5s");
  const ms = parseDuration(text);
  if (ms !== null && ms <= WITHIN_MAX_MS) return ms;
  const message = `"${short(text)}" is no time to be within: from 1ms to ${describeDuration(WITHIN_MAX_MS)}`;
  return wrong("within", message, "Write within: 5s, or 500ms");
}

function short(text: string): string {
  return text.slice(0, 60);
}

/** Objectives that contradict each other: one name twice, one indicator twice, a longer time with no higher target. */
export function objectiveFaults({ values: { objectives } }: SettingsByKey): readonly ConfigFault[] {
  const [first, last] = [objectives[0], objectives.at(-1)];
  if (first === undefined || last === undefined) return [];
  if (objectives.length > OBJECTIVES_MAX)
    return [fault(last, `There are ${objectives.length} objectives`, `Keep at most ${OBJECTIVES_MAX}`)];
  return objectives.flatMap((one, index) =>
    objectives.slice(0, index).flatMap((before) => {
      const found = contradiction(before, one);
      return found === null ? [] : [fault(one, ...found)];
    }),
  );
}

function contradiction(a: ObjectiveSetting, b: ObjectiveSetting): readonly [message: string, remedy: string] | null {
  if (a.name === b.name) return [`Two objectives have the name "${a.name}"`, "Give each a name of its own"];
  if (indicatorOf(a) === indicatorOf(b)) {
    const windows = `${describeDuration(a.windowMs)} and ${describeDuration(b.windowMs)}`;
    const message = `Objectives "${a.name}" and "${b.name}" measure the same, in windows that overlap: ${windows} end both now`;
    return [message, "Keep one of them: its alerts look at short and long times by themselves"];
  }
  if (a.kind !== "freshness" || b.kind !== "freshness" || a.subject !== b.subject) return null;
  const [quick, slow] = (a.withinMs ?? 0) < (b.withinMs ?? 0) ? [a, b] : [b, a];
  if (slow.targetMillionths > quick.targetMillionths) return null;
  const message = `Objective "${slow.name}" promises ${describeTarget(slow)} within ${describeDuration(slow.withinMs ?? 0)}, and "${quick.name}" ${describeTarget(quick)} already within ${describeDuration(quick.withinMs ?? 0)}`;
  return [message, "Give the longer time the higher target, or keep one of them"];
}

/** Objectives of contracts that do not exist, or of contracts without a source, which no record reaches. */
export function checkObjectives(
  objectives: readonly ObjectiveSetting[],
  contracts: readonly LoadedContract[],
  sources: readonly { readonly subject: string }[],
): readonly ConfigFault[] {
  const known = contracts.map(({ subject }) => subject);
  return objectives.flatMap((one): readonly ConfigFault[] => {
    const { name, subject } = one;
    if (subject === null) return [];
    if (!known.includes(subject)) {
      const message = `Objective "${name}" names contract "${subject}", which does not exist${didYouMean(subject, known)}`;
      return [fault(one, message, `Use one of ${known.slice(0, 20).join(", ")}`)];
    }
    if (sources.some((source) => source.subject === subject)) return [];
    const message = `Objective "${name}" is of contract "${subject}", and no source has it: nothing would ever be counted`;
    return [fault(one, message, "Add a source with this subject, or remove the objective")];
  });
}

function fault({ place }: ObjectiveSetting, message: string, remedy: string): ConfigFault {
  return { place, code: "SIG-S-020", message, remedy };
}

/** Parses `name=kind:contract:target/window@within`, separated by commas; the contract of availability may be empty. */
export function parseObjectives(
  text: string,
):
  | { readonly ok: true; readonly value: readonly ObjectiveSetting[] }
  | { readonly ok: false; readonly problem: string } {
  const objectives: ObjectiveSetting[] = [];
  for (const part of listOf(text)) {
    const match = /^([^=\s]*)=([^:\s]*):([^:\s]*):([^/\s]*)\/([^@\s]*)(?:@(\S*))?$/.exec(part);
    if (match === null)
      return { ok: false, problem: "must be written name=kind:contract:target/window@within, separated by commas" };
    const [, name, kind, contract, target, window, within] = match;
    const made = objectiveOf({ name, kind, contract: contract === "" ? undefined : contract, target, window, within });
    if ("faults" in made) return { ok: false, problem: `is not valid: ${made.faults[0]?.message ?? ""}` };
    objectives.push({ ...made, place: "environment SIGMA_OBJECTIVES" });
  }
  return { ok: true, value: objectives };
}

/** The text that {@link parseObjectives} reads. */
export function describeObjectiveSetting(objective: ObjectiveSetting): string {
  const { name, kind, subject, windowMs, withinMs } = objective;
  const within = withinMs === null ? "" : `@${describeDuration(withinMs)}`;
  return `${name}=${kind}:${subject ?? ""}:${describeTarget(objective)}/${describeDuration(windowMs)}${within}`;
}
