import type { JsonObject } from "../json/json.ts";
import { parseJson } from "../json/parse-json.ts";
import { compileSchema } from "../schema/schema.ts";
import { ANSWER_CHARS_MAX } from "./diagnoser.ts";

/** What a language model says of a group of failures. Nobody has verified a word of it. */
export type Advice = {
  readonly diagnostic_summary: string;
  readonly probable_root_cause: string;
  readonly confidence_level: "low" | "medium" | "high";
  readonly suggested_fix: string;
  readonly who_must_act: "producer" | "contract-owner" | "operator" | "nobody" | "unknown";
};

/** The form of an answer, as JSON Schema. The first three names are those of the reference. */
export const ANSWER_SCHEMA: JsonObject = {
  type: "object",
  additionalProperties: false,
  required: ["diagnostic_summary", "probable_root_cause", "confidence_level", "suggested_fix", "who_must_act"],
  properties: {
    diagnostic_summary: { type: "string", minLength: 1, maxLength: 500 },
    probable_root_cause: { type: "string", minLength: 1, maxLength: 800 },
    confidence_level: { enum: ["low", "medium", "high"] },
    suggested_fix: { type: "string", minLength: 1, maxLength: 800 },
    who_must_act: { enum: ["producer", "contract-owner", "operator", "nobody", "unknown"] },
  },
};

const schema = compileSchema(ANSWER_SCHEMA);

/**
 * Reads an answer. The model was told the form and its server was to force it: both are judged here again, by the engine that judges
 * records. Null when it is of another form.
 */
export function readAnswer(text: string): Advice | null {
  if (text.length > ANSWER_CHARS_MAX) return null;
  try {
    return asAdvice(parseJson(text));
  } catch {
    return null;
  }
}

/** The value as advice; null when it is of another form. */
export function asAdvice(value: unknown): Advice | null {
  return value !== undefined && schema.accepts(value as JsonObject) ? (value as Advice) : null;
}
