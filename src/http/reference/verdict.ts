import type { CompiledBinding, CompiledContract, CompiledContractSet } from "../../core/compiled.ts";
import { decideBound, type Decision } from "../../core/decide.ts";
import { parseValue } from "../../core/payload.ts";
import type { Header } from "../../core/record.ts";
import { declaredSubject, resolveVersion } from "../../core/resolve.ts";
import type { JsonObject, JsonValue } from "../../json/json.ts";
import { stepsIn } from "../../json/pointer.ts";
import type { Violation } from "../../schema/violation.ts";
import type { NewRecord } from "../../source/source.ts";
import { contentOf } from "../../core/contents.ts";
import type { HttpDeps } from "../deps.ts";
import { badRequest, notFound } from "../problems/problem.ts";
import { pydanticType } from "./pydantic.ts";
import { setAside } from "./set-aside.ts";
import { failureView } from "../decisions/views.ts";

// `POST /api/validate` answers the reference's clients in their words. What differs is told in
// docs/coming-from-the-reference.md.

/** `topic`: whose default version judges. `version`: that of the setting; null when it names none. */
type Asked = { readonly contract: CompiledContract; readonly topic: string | null; readonly version: number | null };

/**
 * The contract a payload is judged by: the one it declares, then that of `http.validate_subject`, then that of the first source.
 * @throws ProblemError 404 when there is none.
 */
export function referenceContract(deps: HttpDeps, set: CompiledContractSet, headers: readonly Header[]): Asked {
  const declared = declaredSubject(set.bySubject, headers);
  if (declared !== null) return { contract: declared, topic: null, version: null };
  const { contract: wanted = null } = deps.reference ?? {};
  if (wanted !== null) {
    const contract = set.bySubject.get(wanted.subject);
    if (contract !== undefined) return { contract, topic: null, version: wanted.version };
    throw notFound(
      "no-contract",
      `There is no contract "${wanted.subject}" any more, which http.validate_subject names`,
    );
  }
  const topic = deps.log.topics().find((name) => set.byTopic.has(name));
  const contract = topic === undefined ? undefined : set.byTopic.get(topic)?.contract;
  if (topic === undefined || contract === undefined) throw notFound("no-contract", "No topic is bound to a contract");
  return { contract, topic, version: null };
}

/** `setAside`: names of the members that were not judged. */
type Judged = { readonly decision: Decision; readonly view: unknown; readonly setAside: readonly string[] };

/** @throws ProblemError 400 for bytes that are not JSON, as there is no payload to show. */
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

/** What is JSON at all; undefined when it is not. What breaks the boundary's policy may be in what is set aside. */
function parsedLeniently(value: Buffer): JsonValue | undefined {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value)) as JsonValue;
  } catch {
    return undefined;
  }
}

/**
 * The answer existing clients know: HTTP 200 for every JSON body, `clean_data` or `reason`, `errors` and
 * `received_payload`, which is the payload as it came, with what was set aside.
 */
function referenceView(decision: Decision, received: Buffer, judged: Buffer, set: CompiledContractSet): unknown {
  if (decision.status === "PASSED") return { status: "PASSED", clean_data: decision.payload };
  const { reason, contract } = decision;
  const failed = (words: string, errors: readonly unknown[]) => ({
    status: "FAILED",
    reason: words,
    errors,
    // What the boundary refused is not shown: parsed, it would hide what is wrong with it.
    received_payload: reason.kind === "malformed" ? null : shown(received, set),
  });
  switch (reason.kind) {
    case "schema": {
      const schema = contract === null ? true : contentOf(set, contract).version.schema;
      const payload = parsedLeniently(judged) ?? null;
      const errorOf = (violation: Violation): object => referenceError(violation, schema, payload);
      return failed("Schema validation failed", reason.violations.map(errorOf));
    }
    case "rule":
      return failed(
        "Business rule violation",
        reason.violations.map(({ message }) => message),
      );
    case "malformed":
      if (reason.code === "not-json" || reason.code === "not-utf8" || reason.code === "empty") {
        throw badRequest(`malformed-${reason.code}`, reason.message, { byteOffset: reason.byteOffset });
      }
      return failed("Malformed payload", [
        { loc: locOf(reason.pointer ?? ""), msg: reason.message, type: reason.code, ...failureView(reason) },
      ]);
    case "contract":
    case "conflict":
    case "store-rejected":
    case "unexplained":
    case "erased":
      return failed("No contract version", [
        { loc: [], msg: failureView(reason)["detail"], type: failureView(reason)["code"] },
      ]);
  }
}

function shown(received: Buffer, { limits }: CompiledContractSet): JsonValue {
  // What was set aside is no part of the limit.
  const parsed = parseValue(received, { ...limits, bytesMax: Math.max(limits.bytesMax, received.length) });
  return parsed.ok ? parsed.payload : null;
}

/** `loc`, `msg` and `type` as the reference's clients read them, beside our own words. */
function referenceError(violation: Violation, schema: JsonObject | boolean, payload: JsonValue): object {
  const { message, ...where } = violation;
  return {
    loc: locOf(violation.pointer),
    msg: message,
    type: pydanticType(violation, schema, payload),
    ...where,
    code: `schema-${violation.keyword}`,
  };
}

/** A pointer as a list: array indexes as numbers. */
function locOf(pointer: string): readonly (string | number)[] {
  return stepsIn(pointer).map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}
