import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import type { Violation } from "./violation.ts";
import { compileMultiple } from "../json/decimal.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { nearestPointer } from "../json/pointer.ts";

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
 * `format` is an annotation here and asserts nothing, as the specification has it for 2020-12; `default` changes nothing;
 * nothing is coerced or removed. What strict mode would object to is the lint's business, with positions.
 */
const OPTIONS = {
  strict: false,
  validateFormats: false,
  validateSchema: false,

  meta: false,
} as const;

/** Names every object inherits: `toString`, `valueOf` and their like. */
const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * Whether a schema speaks of a field called like an inherited property. Only then must each look at a field ask whether it
 * is the payload's own, which makes the shipment contract four times slower to judge.
 */
function speaksOfInherited(schema: JsonValue): boolean {
  if (typeof schema === "string") return INHERITED.has(schema);
  if (schema === null || typeof schema !== "object") return false;
  return Object.entries(schema).some(([name, value]) => INHERITED.has(name) || speaksOfInherited(value));
}

/**
 * Compiles a schema that {@link refuseSchema} has nothing against.
 * @param references other documents by absolute URI (only the conformance suite has any).
 * @throws when the schema does not compile.
 */
export function compileSchema(
  schema: JsonObject | boolean,
  references: ReadonlyMap<string, JsonObject | boolean> = new Map(),
): CompiledSchema {
  const ownProperties = speaksOfInherited(schema);
  const build = (allErrors: boolean) => {
    const ajv = new Ajv2020({ ...OPTIONS, ownProperties, allErrors });
    // The class always tracks evaluated properties, for keywords we refuse; that code costs time and has given wrong
    // verdicts (`if` and `else` beside patternProperties, found by the second engine).
    ajv.opts.unevaluated = false;
    // The engine's own divides doubles, and takes 143.48 for no multiple of 0.01.
    ajv.removeKeyword("multipleOf");
    ajv.addKeyword({
      keyword: "multipleOf",
      type: "number",
      schemaType: "number",
      compile: (divisor: number) => compileMultiple(divisor),
      error: { message: ({ schema: divisor }) => `must be multiple of ${String(divisor)}` },
    });
    for (const [uri, document] of references) ajv.addSchema(document, uri);
    return ajv.compile(schema);
  };
  const first = build(false);
  // Only contracts that something fails need the second function, which collects every violation.
  let every: ReturnType<typeof build> | null = null;
  const violationOf = reusingViolations();
  return {
    accepts: (payload) => {
      try {
        return first(payload);
      } catch {
        // A schema that refers to itself without end overflows the stack: the record fails visibly, the stream goes on.
        return false;
      }
    },
    explain: (payload) => {
      try {
        every ??= build(true);
        every(payload);
        const errors = every.errors ?? [];
        return (errors.length > VIOLATIONS_MAX ? errors.slice(0, VIOLATIONS_MAX) : errors).map(violationOf);
      } catch {
        return [
          { pointer: "", keyword: "", schemaPath: "", message: "the schema cannot be evaluated on this payload" },
        ];
      }
    },
  };
}

/**
 * The last violation of each constraint is kept and given out again when it says the same: a bad deploy breaks one
 * constraint a million times, and its fingerprint is then found by the object instead of by hashing text (0.4 us less).
 */
function reusingViolations(): (error: ErrorObject) => Violation {
  const last = new Map<
    string,
    { readonly error: ErrorObject; readonly field: string | null; readonly violation: Violation }
  >();
  return (error) => {
    const field = fieldOf(error);
    const known = last.get(error.schemaPath);
    if (known !== undefined && known.field === field && saysTheSame(known.error, error)) return known.violation;
    const violation = toViolation(error, field);
    last.set(error.schemaPath, { error, field, violation });
    return violation;
  };
}

function saysTheSame(a: ErrorObject, b: ErrorObject): boolean {
  return a.instancePath === b.instancePath && a.keyword === b.keyword && a.message === b.message;
}

/** Points at the field itself where the engine points at the object around it, in words that quote no value. */
function toViolation(error: ErrorObject, field: string | null): Violation {
  const { keyword, instancePath, schemaPath, message = "does not match" } = error;
  const whole = field === null ? instancePath : `${instancePath}/${escapeStep(field)}`;
  const pointer = nearestPointer(whole);
  const words = wordsFor(keyword, message);
  const told = pointer === whole ? words : `something below it, with a name too long to repeat: ${words}`;
  return { pointer, keyword, schemaPath: schemaPath.slice(1), message: told };
}

function escapeStep(field: string): string {
  return field.includes("~") || field.includes("/") ? field.replaceAll("~", "~0").replaceAll("/", "~1") : field;
}

function fieldOf({ params }: ErrorObject): string | null {
  const known = params as Readonly<Record<string, unknown>>;
  const field = known["missingProperty"] ?? known["additionalProperty"];
  return typeof field === "string" ? field : null;
}

function wordsFor(keyword: string, message: string): string {
  switch (keyword) {
    case "required":
      return "is required and missing";
    case "additionalProperties":
      return "is not a field of this contract";
    default:
      return message.startsWith("must NOT") ? `must not${message.slice(8)}` : message;
  }
}
