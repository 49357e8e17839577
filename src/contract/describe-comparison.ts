import { toJsonText } from "../json/json-text.ts";
import type { Comparison, Verdict } from "../inclusion/inclusion.ts";

/** Longer values are cut in text for people; JSON output has them whole. */
const TEXT_MAX = 120;

/** The witness as JSON, cut when it is long. */
export function describeWitness({ witness }: Extract<Verdict, { readonly kind: "incompatible" }>): string {
  return shortJson(witness);
}

/** Why the other version refuses the witness: a pointer and words for each violation. */
export function describeRefusal({
  violations,
}: Extract<Verdict, { readonly kind: "incompatible" }>): readonly string[] {
  return violations.map((one) =>
    "keyword" in one
      ? `${one.pointer === "" ? "/" : one.pointer}  ${one.message}  [${one.keyword}]`
      : `rule ${one.id}  ${one.message}`,
  );
}

/** The change as `1000 -> 500`; an absent side is left out. */
export function describeChange({ before, after }: Comparison["changes"][number]): string {
  const was = before === undefined ? "" : shortJson(before);
  const is = after === undefined ? "" : shortJson(after);
  if (was === "") return `-> ${is}`;
  return is === "" ? `${was} ->` : `${was} -> ${is}`;
}

function shortJson(value: unknown): string {
  const text = toJsonText(value);
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text;
}
