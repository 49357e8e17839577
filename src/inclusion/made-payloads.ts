import type { VersionContent } from "../core/contract-set.ts";
import type { JsonValue } from "../json/json.ts";
import { minedValues } from "./boundary-values.ts";
import { must } from "./conjunction.ts";
import { withoutFormatNotes } from "./format-notes.ts";
import { namesIn } from "./object-limits.ts";
import { obstaclesIn } from "./provable.ts";
import { sampleValue } from "./sample.ts";
import { createShared, isList, memberOf, openSchema, rootOf } from "./schema-node.ts";
import { seededPick } from "./seeded-pick.ts";
import { variationsOf } from "./variations.ts";
import { everyNode } from "./walk.ts";

/** Steps for all samples of a version. */
const SAMPLE_STEPS = 2_000_000;
/** The most values that are taken from one enum. */
const LISTED_MAX = 6;

/** Samples of a version's schema, at most one for each attempt; none when the schema cannot be evaluated. */
export function* sampledPayloads(
  { schema, formats = "annotate" }: VersionContent,
  seed: number,
  attempts: number,
): Generator<JsonValue> {
  const root = rootOf(openSchema("version", withoutFormatNotes(schema, formats), createShared({ left: SAMPLE_STEPS })));
  if (obstaclesIn(root.document).toEvaluation.length > 0) return;
  const pick = seededPick(seed);
  for (let count = 0; count < attempts; count += 1) {
    const made = sampleValue([must(root)], [], pick);
    if (made !== undefined) yield made;
  }
}

/** Payloads that differ from one of the given ones at one place, by values and names from the version's schema and rules. */
export function* changedPayloads(
  { schema, rules, formats = "annotate" }: VersionContent,
  payloads: readonly JsonValue[],
): Generator<JsonValue> {
  const document = openSchema("version", withoutFormatNotes(schema, formats));
  const listed = everyNode(document).flatMap((node) => {
    const members = memberOf(node, "enum");
    return isList(members) ? members.slice(0, LISTED_MAX) : [];
  });
  // Listed values come first, because variationsOf adds the first few values of the pool to lists.
  const mined = minedValues(
    document.root,
    rules.map(({ expression }) => expression),
  );
  const pool = [...listed, ...mined];
  const names = [...new Set(["extra", ...everyNode(document).flatMap(namesIn)])];
  for (const payload of payloads) yield* variationsOf(payload, pool, names);
}
