import { expect, test } from "vitest";
import { audit } from "../../src/audit/audit.ts";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { AuditOptions } from "../../src/audit/report.ts";
import type { Source } from "../../src/source/source.ts";
import type { StoreReads } from "../../src/store/store.ts";

/** One change that somebody makes behind the gateway's back. */
export type Forgery = {
  readonly table: string;
  /** Null where it is a whole row. */
  readonly field: string | null;
  readonly how: string;
  /** What an audit finds after it; null when the database takes no such row. */
  readonly codes: (source: Source | null) => Promise<readonly string[] | null>;
};

export type Forged = {
  readonly log: Source;
  /** Every table, and every field of every table, as the database itself lists them. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly forgeries: readonly Forgery[];
  /** What an audit finds in the store as it is. */
  readonly honest: Forgery["codes"];
};

/** What an audit does not find: `sigma_advice`, `sigma_halts.code` or `sigma_groups.seq: raised`. */
export type NotFound = {
  readonly what: string;
  readonly why: string;
  /** It is found with the log at hand. */
  readonly bySource?: true;
};

const OPTIONS: AuditOptions = { tailMayBeIncomplete: false, findingsMax: 100, signal: new AbortController().signal };

export async function auditColumns(reads: StoreReads, source: Source | null): Promise<readonly string[]> {
  const report = await audit(reads, source === null ? OPTIONS : { ...OPTIONS, source });
  return report.findings.map(({ code }) => code);
}

/** @returns the code of what makes the store unavailable, where `find` throws that. */
export async function codesOrWhy(find: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof Unavailable) return [error.code];
    throw error;
  }
}

/** Each collection has the same tables. */
export function ofAny(table: string): string {
  return table.replace(/_(?:parcels|letters)$/, "_*");
}

export const CLOCK = "it says what a gateway saw by its own clock, or was told; no record says it";
export const NO_READER = "nobody reads it: what is read is named by the operator log";
export const TAIL = "of the last entry alone: whoever takes up the stream counts it, as after a crash";
export const WITHIN = "within the entries that there are: none of those has more of what is counted";
export const ENDS = "it tells what a log has to have; the log alone knows";

/** What no audit finds, on any engine. */
export const NEVER_FOUND: readonly NotFound[] = [
  { what: "sigma_advice", why: "a language model said it, and nobody has verified it" },
  { what: "sigma_objectives", why: CLOCK },
  { what: "sigma_traffic", why: CLOCK },
];

/** A thousand audits: two minutes, and on a busy machine many. */
const LONGEST_MS = 1_800_000;

type Passed = { readonly what: string; readonly withSource: boolean };

/** @param notFound what an audit of this engine does not find, besides {@link NEVER_FOUND}. */
export function columnLaws(name: string, notFound: readonly NotFound[], forge: () => Promise<Forged>): void {
  const listed = [...NEVER_FOUND, ...notFound];
  const text = "finds a change of every field of every table, but for those that are listed";
  test(`an audit of ${name} ${text}`, { timeout: LONGEST_MS }, async () => {
    const { log, fields, forgeries, honest } = await forge();
    expect(await honest(log)).toEqual([]);
    const tried = new Set<string>();
    const passed: Passed[] = [];
    for (const forgery of forgeries) {
      const what = `${forgery.table}${forgery.field === null ? "" : `.${forgery.field}`}: ${forgery.how}`;
      const found = await codesOf(forgery, what, null);
      if (found !== null) tried.add(`${forgery.table.split(" ")[0]}.${forgery.field ?? "*"}`);
      if (found?.length !== 0) continue;
      const isNeverFound = listed.some((one) => one.bySource !== true && isOf(what, one));
      passed.push({ what, withSource: isNeverFound || (await codesOf(forgery, what, log))?.length === 0 });
    }
    const isListed = ({ what, withSource }: Passed): boolean =>
      listed.some((one) => isOf(what, one) && (one.bySource !== true || !withSource));
    expect(passed.filter((one) => !isListed(one))).toEqual([]);
    // What is found now is not listed any more.
    expect(listed.filter((one) => !passed.some(({ what }) => isOf(what, one)))).toEqual([]);
    const all = [...fields].flatMap(([table, own]) => ["*", ...own].map((field) => `${table}.${field}`));
    expect(all.filter((field) => !tried.has(field))).toEqual([]);
  });
}

async function codesOf({ codes }: Forgery, what: string, source: Source | null): ReturnType<Forgery["codes"]> {
  return codes(source).catch((error: unknown) => {
    throw new Error(`${what} ends the audit`, { cause: error });
  });
}

function isOf(what: string, listed: NotFound): boolean {
  return [":", ".", ","].some((end) => `${what},`.startsWith(`${listed.what}${end}`));
}
