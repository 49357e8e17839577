import type { CompiledBinding, CompiledContractSet } from "../../core/compiled.ts";
import { decideBound, type Decision } from "../../core/decide.ts";
import { parseValue } from "../../core/payload.ts";
import type { Header } from "../../core/record.ts";
import { resolveVersion } from "../../core/resolve.ts";
import type { JsonObject, JsonValue } from "../../json/json.ts";
import { stepsIn } from "../../json/pointer.ts";
import type { Violation } from "../../schema/violation.ts";
import type { NewRecord } from "../../source/source.ts";
import { contentOf } from "../../core/contents.ts";
import { failureView, violationMembers } from "../decisions/decision.ts";
import { badRequest } from "../problems/problem.ts";
import type { Described } from "../route-types.ts";
import { pydanticType } from "./pydantic.ts";
import { setAside } from "./set-aside.ts";

// The verdict of `POST /api/validate`, in the words that clients of the reference know. docs/coming-from-the-reference.md says what
// differs.

/** JSON Schema of the answer. */
export const VERDICT = {
  type: "object",
  required: ["status"],
  properties: {
    status: { enum: ["PASSED", "FAILED"] },
    clean_data: {},
    reason: {
      enum: ["Schema validation failed", "Business rule violation", "Malformed payload", "No contract version"],
    },
    errors: {
      type: "array",
      description: "Of a broken rule its message; else an object",
      items: {
        anyOf: [
          {
            type: "object",
            required: ["loc", "msg", "type"],
            properties: {
              loc: { type: "array", items: { type: ["string", "integer"] } },
              msg: { type: "string" },
              type: { type: "string", description: "As Pydantic 2 has it, for a broken schema; else our code" },
              code: { type: "string" },
              detail: { type: "string" },
              pointer: { type: ["string", "null"] },
              keyword: { type: "string" },
              schemaPath: { type: "string" },
              expected: { type: "string" },
              got: { type: "string" },
              bytes: { type: "array", items: { type: "integer", minimum: 0 } },
              branches: { type: "array", items: { type: "object" } },
              byteOffset: { type: ["integer", "null"] },
            },
          },
          { type: "string" },
        ],
      },
    },
    received_payload: {},
  },
} as const;

type VerdictAnswer = Described<typeof VERDICT>;
type ErrorAnswer = NonNullable<VerdictAnswer["errors"]>[number];

/** `setAside`: names of the members that were not judged. */
type Judged = { readonly decision: Decision; readonly view: VerdictAnswer; readonly setAside: readonly string[] };

/**
 * Judges a payload without the members that are set aside.
 * @param names of members that may be set aside.
 * @throws ProblemError 400 for bytes that are not JSON: there is no payload to show.
 */
export function judgeReference(
  { headers, value }: NewRecord,
  bound: CompiledBinding,
  set: CompiledContractSet,
  names: readonly string[],
): Judged {
  const whole = value === null ? Buffer.alloc(0) : Buffer.from(value.buffer, value.byteOffset, value.length);
  const rest = withoutNames(whole, headers, bound, set, names);
  const decision = decideBound({ headers, value: rest.value }, bound, set.limits);
  return { decision, view: referenceView(decision, whole, rest.value, set), setAside: rest.names };
}

function withoutNames(
  value: Buffer,
  headers: readonly Header[],
  bound: CompiledBinding,
  set: CompiledContractSet,
  names: readonly string[],
): ReturnType<typeof setAside> {
  const parsed = parsedLeniently(value);
  if (parsed === undefined) return { value, names: [] };
  const resolved = resolveVersion(bound, headers, null, parsed);
  if (!resolved.ok) return { value, names: [] };
  return setAside(value, names, set, resolved.version.ref);
}

/** The JSON value of bytes; undefined when they are not JSON. No policy of the boundary applies: a member set aside may break it. */
function parsedLeniently(value: Buffer): JsonValue | undefined {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value)) as JsonValue;
  } catch {
    return undefined;
  }
}

/**
 * The answer that clients of the reference know: `clean_data`, or `reason`, `errors` and `received_payload`.
 * @param received the payload as it came: `received_payload` has the members that were set aside, too.
 * @param judged the payload without them.
 */
function referenceView(decision: Decision, received: Buffer, judged: Buffer, set: CompiledContractSet): VerdictAnswer {
  if (decision.status === "PASSED") return { status: "PASSED", clean_data: decision.payload };
  const { reason, contract } = decision;
  const failed = (words: NonNullable<VerdictAnswer["reason"]>, errors: readonly ErrorAnswer[]): VerdictAnswer => ({
    status: "FAILED",
    reason: words,
    errors,
    // A payload that the boundary refused is not shown: once parsed, it would hide what is wrong with it.
    received_payload: reason.kind === "malformed" ? null : shown(received, set),
  });
  switch (reason.kind) {
    case "schema": {
      const schema = contract === null ? true : contentOf(set, contract).version.schema;
      const payload = parsedLeniently(judged) ?? null;
      const errorOf = (violation: Violation): ErrorAnswer => referenceError(violation, schema, payload);
      return failed("Schema validation failed", reason.violations.map(errorOf));
    }
    case "rule":
      return failed(
        "Business rule violation",
        reason.violations.map(({ message }) => message),
      );
    case "malformed": {
      if (reason.code === "not-json" || reason.code === "not-utf8" || reason.code === "empty") {
        throw badRequest(`malformed-${reason.code}`, reason.message, { byteOffset: reason.byteOffset });
      }
      const { message: msg, code: type, byteOffset, pointer } = reason;
      const { code, detail } = failureView(reason);
      return failed("Malformed payload", [{ loc: locOf(pointer ?? ""), msg, type, code, detail, byteOffset, pointer }]);
    }
    case "contract":
    case "conflict":
    case "store-rejected":
    case "unexplained":
    case "erased": {
      const { code, detail } = failureView(reason);
      return failed("No contract version", [{ loc: [], msg: detail, type: code }]);
    }
  }
}

function shown(received: Buffer, { limits }: CompiledContractSet): JsonValue {
  // The limit is of a record, and the members that were set aside are none of it.
  const parsed = parseValue(received, { ...limits, bytesMax: Math.max(limits.bytesMax, received.length) });
  return parsed.ok ? parsed.payload : null;
}

/** A violation with `loc`, `msg` and `type` as clients of the reference read them, and with our own members. */
function referenceError(violation: Violation, schema: JsonObject | boolean, payload: JsonValue): ErrorAnswer {
  return {
    loc: locOf(violation.pointer),
    msg: violation.message,
    type: pydanticType(violation, schema, payload),
    ...violationMembers(violation),
  };
}

/** A pointer as a list: array indexes as numbers. */
function locOf(pointer: string): readonly (string | number)[] {
  return stepsIn(pointer).map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}
