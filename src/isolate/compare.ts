import { prepareVerdicts, type Verdict } from "../inclusion/inclusion.ts";
import { unannotated } from "../registry/served.ts";
import type { JsonObject } from "../json/json.ts";
import { toJsonText } from "../json/json-text.ts";
import { parseJson } from "../json/parse-json.ts";
import { undecided, type Against, type Answers, type Questions } from "./question.ts";
import { isTooLarge, readSchema, usable } from "./read-schema.ts";

/** The most payloads that are tried for one version. `sigma contract check` tries more. */
const EFFORT = 1_000;
const SEED = 1;

/** Limits of an answer, in characters: of a witness, and of all reasons together. A witness can be as large as the schemas. */
const WORDS_MAX = 2_000;
const REASONS_MAX = 10;

const TOO_LARGE = "the schema has more parts than are looked at here; sigma contract check looks at any";
const TOO_DEEP = "the schema is too deep, or too large when it is worked out";

/**
 * Whether a schema accepts every payload that each version accepts (BACKWARD). Only schemas are compared: rules are not part of
 * a schema. All versions share the steps of one comparison, so that the answer takes no longer with many versions.
 */
export function compareSchema({ body, against }: Questions["compare"]): Answers["compare"] {
  const read = readSchema(body);
  if (!read.ok) return read.why;
  const unknown = (why: string): Answers["compare"] => {
    return { kind: "compared", complaints: against.map(({ name }) => undecided(name, why)) };
  };
  const bare = unannotated(read.schema);
  if (isTooLarge(bare)) return unknown(TOO_LARGE);
  try {
    const linted = usable(bare);
    if (!linted.ok) return linted.why;
    const complaints = against.map((one) => complaintOf(one, linted.schema, 1 / against.length));
    return { kind: "compared", complaints: complaints.filter((one) => one !== null) };
  } catch (error) {
    // RangeError: the stack overflowed, or a string, a list or a map reached its maximum size.
    if (error instanceof RangeError) return unknown(TOO_DEEP);
    throw error;
  }
}

function complaintOf({ name, schema, formats }: Against, other: JsonObject | boolean, share: number): string | null {
  // The formats of the other schema are asserted or annotated as the version's are.
  const plain = { rules: [], identity: [], formats };
  const before = { schema: parseJson(schema) as JsonObject | boolean, ...plain };
  const decide = prepareVerdicts(before, { schema: other, ...plain }, { seed: SEED, effort: EFFORT, share });
  return describe(name, decide("backward"));
}

function describe(name: string, verdict: Verdict): string | null {
  switch (verdict.kind) {
    case "compatible":
      return null;
    case "incompatible": {
      const where = verdict.violations.map((one) =>
        "pointer" in one ? `"${one.pointer}" ${one.message}` : one.message,
      );
      return `${name}: accepts ${shortened(toJsonText(verdict.witness))}, which the schema refuses: ${listed(where, "; ")}`;
    }
    case "unknown": {
      const where = verdict.undecided.map(({ pointer, reason }) => `${pointer === "" ? "/" : pointer} ${reason}`);
      return undecided(name, listed([...new Set(where)], "; "));
    }
  }
}

function listed(reasons: readonly string[], separator: string): string {
  const more = reasons.length > REASONS_MAX ? `${separator}and ${reasons.length - REASONS_MAX} more` : "";
  return `${shortened(reasons.slice(0, REASONS_MAX).join(separator))}${more}`;
}

function shortened(text: string): string {
  if (text.length <= WORDS_MAX) return text;
  return `${text.slice(0, WORDS_MAX).toWellFormed()}… (${text.length} characters)`;
}
