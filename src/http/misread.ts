import type { CompiledContractSet } from "../core/compile.ts";
import type { JsonObject } from "../json/json.ts";
import { contentsOf } from "./contents.ts";
import { LINE_TYPES } from "./media.ts";
import { ProblemError } from "./problem.ts";

const SPACE = /^[ \t\r\n]*/;
/** More of a body than this is not looked at: the first lines tell. */
const LOOKED_AT_BYTES = 65_536;

/**
 * Refuses a body of `application/json` that was plainly meant as several records: whole JSON texts on lines of their own, or a
 * list where the contract takes no list. As one record it could only be a failure that nobody meant to send.
 * @throws ProblemError 400 with how to send it.
 */
export function refuseMisread(body: Buffer, topic: string, set: CompiledContractSet): void {
  const text = body.toString("utf8", 0, LOOKED_AT_BYTES);
  const start = SPACE.exec(text)?.[0].length ?? 0;
  if (text[start] === "[" && !mayTakeLists(topic, set)) {
    throw misread("json-list", "The body is a JSON list, and a record of this topic's contract is none");
  }
  if (text[start] === "{" && holdsLines(text, start)) {
    throw misread(
      "ndjson-as-json",
      "The body holds several JSON texts, one on each line: application/json is one record",
    );
  }
}

/** Two JSON texts, on lines of their own, before anything else. */
function holdsLines(text: string, start: number): boolean {
  const end = text.indexOf("\n", start);
  if (end === -1 || !isJson(text.slice(start, end))) return false;
  const second = text.slice(end).trimStart();
  const line = second.split("\n", 1)[0] ?? "";
  return line.trim() !== "" && isJson(line);
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function misread(code: string, detail: string): ProblemError {
  return new ProblemError({
    status: 400,
    code,
    title: "Bad request",
    detail,
    remedy: `send content-type ${LINE_TYPES[0]} with one record on each line, or application/cloudevents-batch+json`,
  });
}

/** False only when every version in force says by its `type` that a record is no list. */
function mayTakeLists(topic: string, set: CompiledContractSet): boolean {
  const { contracts, bindings } = contentsOf(set);
  const subject = bindings.find((one) => one.topic === topic)?.subject;
  const versions = contracts.find((one) => one.subject === subject)?.versions;
  return versions?.some(({ status, schema }) => status !== "retired" && takesList(schema)) ?? true;
}

function takesList(schema: JsonObject | boolean): boolean {
  if (typeof schema === "boolean") return schema;
  const { type } = schema;
  return type === undefined || type === "array" || (Array.isArray(type) && type.includes("array"));
}
