import { Validator, type ValidationError } from "ata-validator";
import type { Violation } from "./failure.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { withoutMarker, withUnicodePatterns } from "./schema-pattern.ts";

/** A JSON Schema 2020-12, ready to judge. */
export type CompiledSchema = {
  /** The hot path. Never throws, never changes the payload. */
  readonly accepts: (payload: JsonValue) => boolean;
  /** Why it does not: in the engine's fixed order, at most {@link VIOLATIONS_MAX}. Asked only after `accepts` said no. */
  readonly explain: (payload: JsonValue) => readonly Violation[];
};

/** More would tell a producer nothing and let one record fill the store. */
export const VIOLATIONS_MAX = 20;

/**
 * Compiles a schema that {@link refuseSchema} has nothing against.
 *
 * `format` is an annotation here and asserts nothing, as the specification has it for 2020-12; `default` changes nothing;
 * nothing is coerced or removed.
 * @param references other documents by absolute URI (only the conformance suite has any).
 * @throws when the schema does not compile.
 */
export function compileSchema(
  schema: JsonObject | boolean,
  references: ReadonlyMap<string, JsonObject | boolean> = new Map(),
): CompiledSchema {
  const validator = new Validator<unknown>(withUnicodePatterns(schema), {
    coerceTypes: false,
    removeAdditional: false,
    useDefaults: false,
    assertFormat: false,
    richErrors: false,
    schemas: Object.fromEntries(references) as Record<string, object>,
  });
  const toViolation = reusingViolations();
  return {
    accepts: (payload) => {
      try {
        return validator.isValidObject(payload);
      } catch {
        // The engine has thrown on values of a type its schema did not expect. The lint refuses such schemas; should
        // another construct do it, the record fails visibly and the stream goes on.
        return false;
      }
    },
    explain: (payload) => {
      try {
        const { errors } = validator.validate(payload);
        return (errors.length > VIOLATIONS_MAX ? errors.slice(0, VIOLATIONS_MAX) : errors).map(toViolation);
      } catch {
        return [{ pointer: "", keyword: "", schemaPath: "", message: "the schema cannot be evaluated on this payload" }];
      }
    },
  };
}

/**
 * The last violation of each constraint is kept and given out again when it says the same: a bad deploy breaks one
 * constraint a million times, and its fingerprint is then found by the object instead of by hashing text (0.4 us less).
 */
function reusingViolations(): (error: ValidationError) => Violation {
  const last = new Map<string, { readonly error: ValidationError; readonly field: string | null; readonly violation: Violation }>();
  return (error) => {
    const field = fieldOf(error.params);
    const known = last.get(error.schemaPath);
    if (known !== undefined && known.field === field && saysTheSame(known.error, error)) return known.violation;
    const violation = toViolation(error, field);
    last.set(error.schemaPath, { error, field, violation });
    return violation;
  };
}

function saysTheSame(a: ValidationError, b: ValidationError): boolean {
  return a.instancePath === b.instancePath && a.keyword === b.keyword && a.message === b.message;
}

/** Points at the field itself where the engine points at the object around it, in words that quote no value. */
function toViolation(error: ValidationError, field: string | null): Violation {
  const { keyword, instancePath, schemaPath, message } = error;
  const pointer = field === null ? instancePath : `${instancePath}/${escapeStep(field)}`;
  return { pointer, keyword, schemaPath: withoutMarker(schemaPath).slice(1), message: wordsFor(keyword, message) };
}

function escapeStep(field: string): string {
  return field.includes("~") || field.includes("/") ? field.replaceAll("~", "~0").replaceAll("/", "~1") : field;
}

function fieldOf(params: Readonly<Record<string, unknown>>): string | null {
  const field = params["missingProperty"] ?? params["additionalProperty"] ?? params["unevaluatedProperty"];
  return typeof field === "string" ? field : null;
}

function wordsFor(keyword: string, message: string): string {
  switch (keyword) {
    case "required":
      return "is required and missing";
    case "additionalProperties":
    case "unevaluatedProperties":
      return "is not a field of this contract";
    default:
      return message.startsWith("must NOT") ? `must not${message.slice(8)}` : withoutMarker(message);
  }
}
