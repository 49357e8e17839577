import type { CompiledContractSet, ContractRef } from "../core/compiled.ts";
import { contentsOf } from "../core/contents.ts";
import type { FailureReason } from "../core/failure.ts";
import type { JsonValue } from "../json/json.ts";
import { bothMarks, markedPrefix, marksOf, NOTHING_MARKED, replaceMarked, type Marks } from "../json/marks.ts";
import { stepsIn } from "../json/pointer.ts";
import { classifiedBy } from "../schema/classification.ts";
import type { Branch, Violation } from "../schema/violation.ts";

/** Stands for what is not shown. */
export const REDACTED = "[redacted]";

/** A contract version. */
type Judging = Pick<ContractRef, "subject" | "version">;

/** What is not to be shown. */
export type RedactionRules = {
  /** JSON pointers, where `*` stands for any member and any item; of the payloads of one subject, or of all (null). */
  readonly pointers: readonly { readonly subject: string | null; readonly pointer: string }[];
  /** Classes that a contract gives its values with `x-classification`. */
  readonly classes: readonly string[];
};

/**
 * Takes out of what people are shown the values that the rules name. It never changes what is stored. A contract of null is one that
 * is not known: then everything counts that is said of any contract.
 */
export type Redaction = {
  /**
   * Whether anything of the contract's records is redacted. Then their bytes, keys and headers, which no rule can look into, are
   * shown to nobody who does not reveal them.
   */
  readonly isFor: (contract: Judging | null) => boolean;
  readonly payload: (contract: Judging | null, payload: JsonValue) => JsonValue;
  /** The value that is at a pointer of a payload. */
  readonly value: (contract: Judging | null, pointer: string, value: JsonValue) => JsonValue;
  /** A reason without values, names below redacted values, and what would tell of them. */
  readonly reason: (contract: Judging | null, reason: FailureReason) => FailureReason;
};

/** Redacts nothing. */
export const NO_REDACTION: Redaction = {
  isFor: () => false,
  payload: (_, payload) => payload,
  value: (_contract, _pointer, value) => value,
  reason: (_, reason) => reason,
};

/** Replaces what these JSON pointers lead to; `*` stands for any member and any item. */
export function redact(payload: JsonValue, pointers: readonly string[]): JsonValue {
  return replaceMarked(payload, marksOf(pointers), REDACTED);
}

/** @param current the live contract set, whose schemas tell what is classified. */
export function createRedaction(rules: RedactionRules, current: () => CompiledContractSet): Redaction {
  if (rules.pointers.length === 0 && rules.classes.length === 0) return NO_REDACTION;
  const marksFor = rememberMarks(rules, current);
  return {
    isFor: (contract) => marksFor(contract) !== NOTHING_MARKED,
    payload: (contract, payload) => replaceMarked(payload, marksFor(contract), REDACTED),
    value: (contract, pointer, value) => {
      const marks = marksFor(contract);
      if (markedPrefix(marks, pointer) !== null) return REDACTED;
      return replaceMarked(value, marksAt(marks, pointer), REDACTED);
    },
    reason: (contract, reason) => redactReason(reason, marksFor(contract)),
  };
}

/** Marks by contract version, made once for each contract set. */
function rememberMarks(
  { pointers, classes }: RedactionRules,
  current: () => CompiledContractSet,
): (contract: Judging | null) => Marks {
  let made: { readonly digest: string; readonly marks: ReadonlyMap<string, Marks>; readonly all: Marks } | null = null;
  const ofSubject = (subject: string): Marks =>
    marksOf(pointers.flatMap((one) => (one.subject === null || one.subject === subject ? [one.pointer] : [])));
  const make = (set: CompiledContractSet): NonNullable<typeof made> => {
    const marks = new Map<string, Marks>();
    let all = marksOf(pointers.map(({ pointer }) => pointer));
    const versions = contentsOf(set).contracts.flatMap((one) =>
      one.versions.map((version) => ({ subject: one.subject, version })),
    );
    for (const { subject, version } of versions) {
      const classified = classes.length === 0 ? NOTHING_MARKED : classifiedBy(version.schema, classes);
      marks.set(`${subject}@${version.version}`, bothMarks(ofSubject(subject), classified));
      all = bothMarks(all, classified);
    }
    return { digest: set.digest, marks, all };
  };
  return (contract) => {
    const set = current();
    if (made?.digest !== set.digest) made = make(set);
    if (contract === null) return made.all;
    const known = made.marks.get(`${contract.subject}@${contract.version}`);
    if (known !== undefined) return known;
    // Nobody knows any more what a version classified that the contracts have no more: all of it, then.
    return classes.length === 0 ? ofSubject(contract.subject) : ALL_MARKED;
  };
}

const ALL_MARKED: Marks = { ...NOTHING_MARKED, here: true };

function marksAt(marks: Marks, pointer: string): Marks {
  return stepsIn(pointer).reduce((at, step) => {
    const asMember = at.member(step);
    return /^\d+$/.test(step) ? bothMarks(asMember, at.item(Number(step))) : asMember;
  }, marks);
}

function redactReason(reason: FailureReason, marks: Marks): FailureReason {
  if (marks === NOTHING_MARKED) return reason;
  switch (reason.kind) {
    case "malformed": {
      const prefix = reason.pointer === null ? null : markedPrefix(marks, reason.pointer);
      return prefix === null ? reason : { ...reason, pointer: prefix };
    }
    case "schema": {
      const [first, ...others] = reason.violations;
      const redacted = (violation: Violation): Violation => redactViolation(violation, marks);
      return { ...reason, violations: [redacted(first), ...others.map(redacted)] };
    }
    // Their words come from the contract and the engine, and ids and digests of a conflict are hashes.
    case "rule":
    case "contract":
    case "conflict":
    case "store-rejected":
    case "unexplained":
    case "erased":
      return reason;
  }
}

/** Keywords whose message depends on what the value holds. */
const TELLING: ReadonlySet<string> = new Set(["anyOf", "oneOf", "uniqueItems", "propertyNames"]);

function redactViolation(violation: Violation, marks: Marks): Violation {
  const { pointer, bytes, ...said } = withoutBranches(violation, marks);
  const prefix = markedPrefix(marks, pointer);
  // "string \"x\"" is the kind and the value, where the contract shows it.
  const kind = said.got.split(" ", 1)[0] ?? "";
  if (prefix === null) {
    const got = marksAt(marks, pointer).below ? kind : said.got;
    return { ...said, pointer, got, ...(bytes === undefined ? {} : { bytes }) };
  }
  if (prefix !== pointer) {
    const message = "something in it breaks the schema; it is redacted";
    return { ...said, pointer: prefix, message, expected: "a value that matches the schema", got: "another" };
  }
  const message = TELLING.has(said.keyword) ? `must be ${said.expected}` : said.message;
  return { ...said, pointer, message, got: kind };
}

/** Takes out the branches that were chosen by a redacted field, and the part of the schema path that names them. */
function withoutBranches(violation: Violation, marks: Marks): Violation {
  const { branches, ...rest } = violation;
  if (branches === undefined) return violation;
  const at = branches.findIndex((branch) => isTelling(branch, marks));
  const branch = branches[at];
  if (branch === undefined) return violation;
  const union = branch.schemaPath.slice(0, branch.schemaPath.lastIndexOf("/"));
  const schemaPath = rest.schemaPath.startsWith(branch.schemaPath) ? union : rest.schemaPath;
  const left = branches.slice(0, at);
  return { ...rest, schemaPath, ...(left.length === 0 ? {} : { branches: left }) };
}

const EQUALS = " = ";

/** Whether the name of a branch, as in `kind = lambda`, tells the value of a redacted field. */
function isTelling({ pointer, name }: Branch, marks: Marks): boolean {
  if (markedPrefix(marks, pointer) !== null) return true;
  const object = marksAt(marks, pointer);
  for (let at = name.indexOf(EQUALS); at !== -1; at = name.indexOf(EQUALS, at + 1)) {
    const field = object.member(name.slice(0, at));
    if (field.here || field.below) return true;
  }
  return false;
}
