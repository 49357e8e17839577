import type { JsonValue } from "../json/json.ts";
import { INTEGER_RANGES } from "./assertions.ts";
import { FORMATS } from "./formats/formats.ts";

/** Whether a `format` is an assertion. `int64` always is one, since it decides how a number is represented. */
export function isAsserted(format: JsonValue | undefined, mode: "assert" | "annotate"): format is string {
  if (typeof format !== "string") return false;
  return format === "int64" || (mode === "assert" && (FORMATS.has(format) || INTEGER_RANGES.has(format)));
}
