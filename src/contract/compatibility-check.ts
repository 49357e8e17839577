import { stepsIn } from "../json/pointer.ts";
import { comparableOf, readComparable, type Comparable } from "./comparable.ts";
import {
  compareVersions,
  listChanges,
  prepareVerdicts,
  type Comparison,
  type ComparisonOptions,
  type Direction,
  type Verdict,
} from "../inclusion/inclusion.ts";
import { describeWitness } from "./describe-comparison.ts";
import { faultAt, type Fault } from "./fault.ts";

/** The modes of `check`. The names are those of schema registries. */
export const MODES = [
  "backward",
  "forward",
  "full",
  "backward-transitive",
  "forward-transitive",
  "full-transitive",
] as const;
export type Mode = (typeof MODES)[number];

/** Two versions with every change between them. */
type Changed = { readonly before: Comparable; readonly after: Comparable; readonly changes: Comparison["changes"] };

/** Two versions, their changes and the verdicts of the comparison. */
export type Compared = Changed & { readonly comparison: Comparison };

/** One direction that was checked, and its verdict. */
export type CheckedDirection = {
  readonly before: string;
  readonly after: string;
  readonly direction: Direction;
  readonly verdict: Verdict;
};

export type CompatibilityReport = {
  readonly checked: readonly CheckedDirection[];
  /** A finding without a direction is about the identity. */
  readonly findings: readonly Fault[];
};

/** The answer of a command; `faults` say why it has no data. */
type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly Fault[] };

/** The seed of the search for witnesses is fixed, so that every run on every machine finds the same. */
const SEED = 1;

/** Compares two versions or schema files. */
export function diffContracts(directory: string, one: string, other: string): Answer<Compared> {
  const [old, next] = [readComparable(directory, one), readComparable(directory, other)];
  if (old.ok && next.ok) {
    const [before, after] = [old.value, next.value];
    const comparison = compareVersions(before, after, optionsFor(before, after));
    return { ok: true, value: { before, after, changes: comparison.changes, comparison } };
  }
  const faults = [...(old.ok ? [] : old.faults), ...(next.ok ? [] : next.faults)];
  return { ok: false, faults: distinct(faults) };
}

/** Checks a version for compatibility with one earlier version, or with several. */
export function checkCompatibility(
  directory: string,
  name: string,
  against: string | null,
  mode: Mode,
): Answer<CompatibilityReport> {
  const read = readComparable(directory, name);
  if (!read.ok) return read;
  const named = against === null ? null : readComparable(directory, against);
  if (named !== null && !named.ok) return named;
  const others = othersFor(read.value, named === null ? null : named.value, mode.endsWith("-transitive"));
  if (!others.ok) return others;
  const checked: CheckedDirection[] = [];
  const findings: Fault[] = [];
  for (const before of others.value) {
    const after = read.value;
    const decide = prepareVerdicts(before, after, optionsFor(before, after));
    const changed = { before, after, changes: listChanges(before, after) };
    for (const direction of directionsOf(mode)) {
      const verdict = decide(direction);
      checked.push({ before: before.name, after: after.name, direction, verdict });
      const finding = findingOf(changed, direction, verdict);
      if (finding !== null) findings.push(finding);
    }
    const identity = identityFinding(changed);
    if (identity !== null) findings.push(identity);
  }
  return { ok: true, value: { checked, findings } };
}

function optionsFor(before: Comparable, after: Comparable): ComparisonOptions {
  return { seed: SEED, payloads: [...before.payloads, ...after.payloads] };
}

function directionsOf(mode: Mode): readonly Direction[] {
  const first = mode.split("-", 1)[0];
  if (first === "full") return ["backward", "forward"];
  return first === "forward" ? ["forward"] : ["backward"];
}

/**
 * The versions to compare with, earliest first. A transitive mode takes every earlier version, from the named one on. Drafts
 * are left out, since no records were produced under them. Retired versions are compared, since records produced under them
 * still exist.
 */
function othersFor(version: Comparable, named: Comparable | null, transitive: boolean): Answer<readonly Comparable[]> {
  const { source } = version;
  if (source === null) {
    if (named !== null) return { ok: true, value: [named] };
    const message = `Cannot check "${version.name}": a schema file has no earlier version`;
    const place = version.placeOf("");
    return { ok: false, faults: [faultAt(place, "SIG-C-064", message, "Name what to compare with, by --against")] };
  }
  const isNamed = named !== null && named.source?.contract.subject === source.contract.subject;
  if (named !== null && (!transitive || !isNamed)) return { ok: true, value: [named] };
  const from = named?.source?.version.version ?? 0;
  const earlier = source.contract.versions.filter(
    (one) => one.version < source.version.version && one.version >= from && one.status !== "draft",
  );
  const wanted = transitive ? earlier : earlier.slice(-1);
  return { ok: true, value: wanted.map((one) => comparableOf(source.contract, one)) };
}

/** The finding for a verdict, at its place in the refusing version; null when the verdict is "compatible". */
export function findingOf({ before, after, changes }: Changed, direction: Direction, verdict: Verdict): Fault | null {
  // In the direction "backward" the later version refuses; in "forward" the earlier one does.
  const [accepting, refusing] = direction === "backward" ? [before, after] : [after, before];
  const title = `${after.name} is not ${direction} compatible with ${before.name}`;
  switch (verdict.kind) {
    case "compatible":
      return null;
    case "incompatible": {
      const at = verdict.violations[0];
      const pointer = at === undefined || !("schemaPath" in at) ? "/rules" : at.schemaPath;
      const message = `${title}: ${accepting.name} accepts ${describeWitness(verdict)}, and ${refusing.name} refuses it`;
      const remedy =
        openingAdvice({ before, after, changes }, direction, verdict) ??
        "Accept what was accepted before, or publish the change as another contract";
      return faultAt(refusing.placeOf(pointer), "SIG-C-060", message, remedy);
    }
    case "unknown": {
      const [gap] = verdict.undecided;
      const reason = gap === undefined ? "" : `: ${gap.pointer === "" ? "/" : gap.pointer}: ${gap.reason}`;
      const message = `It is not known whether ${after.name} is ${direction} compatible with ${before.name}${reason}`;
      const remedy = "Write the change with keywords that are decided, or accept the risk with --allow-unknown";
      return faultAt(refusing.placeOf(gap?.pointer ?? ""), "SIG-C-061", message, remedy);
    }
  }
}

/**
 * The remedy for one frequent cause of "incompatible": an optional property was added to an open object, or removed from one.
 * An open object accepts anything under that name, so the verdict is right, but the author rarely meant this incompatibility.
 * Null when a violation has another cause.
 */
export function openingAdvice(
  { before, after, changes }: Changed,
  direction: Direction,
  verdict: Verdict,
): string | null {
  if (verdict.kind !== "incompatible") return null;
  const isAdded = direction === "backward";
  const [open, refusing] = isAdded ? [before, after] : [after, before];
  const rule = isAdded ? "property-added-to-open" : "property-removed-from-open";
  const described = changes.filter((change) => change.rule === rule).map(({ pointer }) => pointer);
  const names = verdict.violations.map((one) => {
    const at = "schemaPath" in one ? one.schemaPath : "";
    return described.find((pointer) => at === pointer || at.startsWith(`${pointer}/`));
  });
  const [pointer] = names;
  if (pointer === undefined || names.includes(undefined)) return null;
  const name = stepsIn(pointer).at(-1) ?? "";
  const old = isAdded ? "the old one" : "the new one";
  return `${open.name} is open, so that "${name}" can hold anything there: close ${old} (additionalProperties: false), or accept that ${refusing.name} refuses what does not fit`;
}

function identityFinding({ before, after, changes }: Changed): Fault | null {
  if (!changes.some(({ rule }) => rule === "identity-changed")) return null;
  const list = (pointers: readonly string[]): string => (pointers.length === 0 ? "none" : pointers.join(", "));
  const message = `The identity of ${after.name} (${list(after.identity)}) is not that of ${before.name} (${list(before.identity)})`;
  const remedy =
    "Keep the identity, or publish the change as another contract: duplicates are not recognised across the two";
  return faultAt(after.placeOf("/identity"), "SIG-C-062", message, remedy);
}

function distinct(faults: readonly Fault[]): readonly Fault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}
