import type { CompiledContractSet } from "../core/compiled.ts";
import { contentsOf } from "../core/contents.ts";
import type { FailureReason } from "../core/failure.ts";
import { newestOf } from "../failures/find.ts";
import { describeRecipe, summaryOf } from "../failures/recipe.ts";
import type { Redaction } from "../failures/redact.ts";
import type { Lookup } from "../gateway/lookup.ts";
import type { JsonValue } from "../json/json.ts";
import { toJsonText } from "../json/json-text.ts";
import { parseJson } from "../json/parse-json.ts";
import { stepsIn, valueAt } from "../json/pointer.ts";
import { contractText } from "../store/contract-text.ts";
import type { FailureRecord } from "../store/failures.ts";
import type { StoreReads } from "../store/store.ts";
import { EXCERPT_BYTES_MAX, VIOLATIONS_MAX, type Question } from "./prompt.ts";

export type GatherDeps = {
  readonly reads: Pick<StoreReads, "failureCollections" | "failurePage" | "failureRecord" | "streamNotes">;
  readonly lookup: Lookup;
  readonly redaction: Redaction;
  /** The live contract set. */
  readonly contracts: () => CompiledContractSet;
  /** Whether a value of a record may be shown at all. */
  readonly withExcerpt: boolean;
};

/**
 * What a model is told of a group: its newest failure, redacted before anything else is done with it. Null when no failure of the
 * group is stored.
 */
export async function gatherQuestion(deps: GatherDeps, fingerprint: string): Promise<Question | null> {
  const { reads, redaction, contracts } = deps;
  const [newest] = (await newestOf(reads, fingerprint, redaction, 1)).newest;
  if (newest === undefined) return null;
  const { code, contract, reason } = newest;
  const shown = reason === null ? null : redaction.reason(contract, reason);
  return {
    code,
    contract: contract === null ? null : contractText(contract),
    recipe: describeRecipe(code, contract, shown),
    explanation: summaryOf(code, shown),
    violations: violationsOf(shown),
    fragment: contract === null ? null : fragmentOf(contentsOf(contracts()), contract, shown),
    excerpt: deps.withExcerpt ? await excerptOf(deps, newest) : null,
  };
}

function violationsOf(reason: FailureReason | null): readonly JsonValue[] {
  if (reason?.kind === "rule")
    return reason.violations.slice(0, VIOLATIONS_MAX).map(({ id, message }) => ({ id, message }));
  if (reason?.kind !== "schema") return [];
  return reason.violations
    .slice(0, VIOLATIONS_MAX)
    .map(({ pointer, keyword, expected, got }) => ({ pointer, keyword, expected, got }));
}

/** The schema around the first broken keyword, or the broken rule. Null where the live contracts do not have the version. */
function fragmentOf(
  { contracts }: ReturnType<typeof contentsOf>,
  { subject, version }: NonNullable<FailureRecord["contract"]>,
  reason: FailureReason | null,
): JsonValue {
  const found = contracts.find((one) => one.subject === subject)?.versions.find((one) => one.version === version);
  if (found === undefined) return null;
  if (reason?.kind === "rule") {
    const [{ id }] = reason.violations;
    return found.rules.find((rule) => rule.id === id) ?? null;
  }
  if (reason?.kind !== "schema" || typeof found.schema === "boolean") return null;
  return valueAt(found.schema, stepsIn(reason.violations[0].schemaPath).slice(0, -1)) ?? null;
}

/**
 * The record as text, redacted. The bytes of a record that could not be parsed are shown only where nothing of its kind is redacted,
 * because no rule can look into them.
 */
async function excerptOf({ reads, lookup, redaction }: GatherDeps, newest: FailureRecord): Promise<string | null> {
  const { collection, stream, offset, contract } = newest;
  const text = (await reads.failureRecord(collection, stream, offset))?.payloadText ?? null;
  const payload = text === null ? undefined : parsed(text);
  if (payload !== undefined) return toJsonText(redaction.payload(contract, payload));
  if (redaction.isFor(contract)) return null;
  const [row] = await lookup.rows(stream.stream, offset, offset + 1n);
  if (row === undefined || row.raw === null) return null;
  const from = Math.max(0, faultAt(newest.reason) - EXCERPT_BYTES_MAX / 2);
  return Buffer.from(row.raw.subarray(from, from + EXCERPT_BYTES_MAX)).toString("utf8");
}

function faultAt(reason: FailureReason | null): number {
  return reason?.kind === "malformed" ? (reason.byteOffset ?? 0) : 0;
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
