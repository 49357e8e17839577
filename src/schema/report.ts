import { escapeStep, nearestPointer } from "../json/pointer.ts";
import type { JsonValue } from "../json/json.ts";
import type { Branch, Violation } from "./violation.ts";

/** Most violations in a report: more would not help a producer, and one record could fill the store. */
export const VIOLATIONS_MAX = 20;

/** A place in the payload, as a linked list from the inside out; null is the root. */
export type At = { readonly up: At | null; readonly step: string | number };

/** A compiled constraint: the parts of its violations that do not depend on the payload. */
export type Site = {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly expected: string;
  readonly message: string;
  /** Whether the contract lets values here be shown (`x-show-value: true`). */
  readonly shown: boolean;
  /**
   * The latest violation of this constraint. A faulty producer violates it a million times, and the same violation is
   * then the same object.
   */
  last: { readonly at: At | null; readonly message: string; readonly violation: Violation } | null;
};

/** Collects violations in order, up to the limit. */
export type Report = {
  readonly violations: Violation[];
  readonly branches: readonly Branch[];
  /** Set when only the number and the greatest depth are needed, to choose among branches. */
  readonly tally: { count: number; depth: number } | null;
  /** How many branches may still be explained. */
  readonly looks: { left: number };
};

/** Most branches that one explanation tries: nested branches multiply. */
const LOOKS_MAX = 400;

export function createReport(): Report {
  return { violations: [], branches: [], tally: null, looks: { left: LOOKS_MAX } };
}

/** A report for the violations inside a branch. */
export function reportWithin({ looks, branches }: Report, branch: Branch): Report {
  return { violations: [], branches: [...branches, branch], tally: null, looks };
}

/** A report that only counts. */
export function createTally({ looks }: Report): Report & { readonly tally: { count: number; depth: number } } {
  return { violations: [], branches: [], tally: { count: 0, depth: 0 }, looks };
}

/** Longer shown values are cut: they only help to recognise the value. */
const SHOWN_MAX = 64;

/**
 * Adds a violation of a constraint, unless the report is full.
 * @param value the value found; undefined for a missing field.
 * @param message replaces the constraint's message when it depends on the payload.
 */
export function addViolation(
  report: Report,
  site: Site,
  at: At | null,
  value: JsonValue | undefined,
  message: string = site.message,
): void {
  const { tally } = report;
  if (tally !== null) {
    tally.count += 1;
    // A missing field gives no hint of the intended branch: it counts at the depth of the object around it.
    tally.depth = Math.max(tally.depth, depthOf(at) - (value === undefined ? 1 : 0));
    return;
  }
  if (report.violations.length >= VIOLATIONS_MAX) return;
  const got = describeValue(value, site.shown);
  const { last } = site;
  if (last !== null && isSamePlace(last.at, at) && last.message === message) {
    const { violation } = last;
    if (violation.got === got && sameBranches(violation, report.branches)) {
      report.violations.push(violation);
      return;
    }
  }
  const violation = createViolation(report, site, at, got, message);
  site.last = { at, message, violation };
  report.violations.push(violation);
}

function createViolation(report: Report, site: Site, at: At | null, got: string, words: string): Violation {
  const { keyword, schemaPath, expected } = site;
  const whole = pointerOf(at);
  const pointer = nearestPointer(whole);
  const message = pointer === whole ? words : `something below it, with a name too long to repeat: ${words}`;
  const violation = { pointer, keyword, schemaPath, message, expected, got };
  return report.branches.length === 0 ? violation : { ...violation, branches: report.branches };
}

function isSamePlace(a: At | null, b: At | null): boolean {
  let [one, other] = [a, b];
  while (one !== null && other !== null) {
    if (one.step !== other.step) return false;
    one = one.up;
    other = other.up;
  }
  return one === other;
}

function sameBranches({ branches = NONE }: Violation, wanted: readonly Branch[]): boolean {
  return branches.length === wanted.length && branches.every((branch, index) => branch === wanted[index]);
}

const NONE: readonly Branch[] = [];

/** The RFC 6901 pointer of a place. */
export function pointerOf(at: At | null): string {
  if (at === null) return "";
  const { up, step } = at;
  const own = typeof step === "number" ? `/${step}` : `/${escapeStep(step)}`;
  return up === null ? own : `${pointerOf(up)}${own}`;
}

function depthOf(at: At | null): number {
  let depth = 0;
  for (let place = at; place !== null; place = place.up) depth += 1;
  return depth;
}

/** Describes a value: its kind, and the value itself when it may be shown. */
function describeValue(value: JsonValue | undefined, shown: boolean): string {
  const kind = kindOf(value);
  if (!shown || value === undefined || value === null || typeof value === "object") return kind;
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return `${kind} ${text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text}`;
}

/** The kind of a value, as JSON Schema names it; `nothing` for undefined. */
export function kindOf(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "bigint" ? "number" : typeof value;
}
