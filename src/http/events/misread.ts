import type { CompiledContractSet } from "../../core/compiled.ts";
import type { JsonObject } from "../../json/json.ts";
import { contentsOf } from "../../core/contents.ts";
import { LINE_TYPES } from "../body/media.ts";
import type { ProblemCode } from "../problems/codes.ts";
import { ProblemError } from "../problems/problem.ts";

const LINE_FEED = 0x0a;
const [QUOTE, OPEN_LIST, OPEN_OBJECT] = [0x22, 0x5b, 0x7b];
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Refuses a body of `application/json` that its sender meant as several records: whole JSON texts on lines of their own, or a list
 * where the contract takes none. As one record it would be FAILED.
 * @throws ProblemError 400 that says how to send it.
 */
export function refuseMisread(body: Buffer, topic: string, set: CompiledContractSet): void {
  const marked = body.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  const start = skipSpace(body, marked ? BYTE_ORDER_MARK.length : 0);
  if (body[start] === OPEN_LIST && !mayTakeLists(topic, set)) {
    throw misread("json-list", "The body is a JSON list, and a record of this topic's contract is none");
  }
  if (holdsLines(body, start)) {
    throw misread(
      "ndjson-as-json",
      "The body holds several JSON texts, one on each line: application/json is one record",
    );
  }
}

/** Whether a line is a whole JSON text, and another one begins behind it. The cheapest tests come first. */
function holdsLines(body: Buffer, start: number): boolean {
  const end = body.indexOf(LINE_FEED, start);
  if (end === -1) return false;
  const second = skipSpace(body, end);
  const byte = body[second];
  if (byte === undefined) return false;
  const begins = byte === OPEN_OBJECT || byte === OPEN_LIST || byte === QUOTE || isJson(lineAt(body, second));
  return begins && isJson(body.toString("utf8", start, end));
}

/** The line at a place, at most {@link WORD_MAX} bytes of it: a JSON text that is no object, list or string is a number or a word. */
function lineAt(body: Buffer, start: number): string {
  return body.toString("utf8", start, start + WORD_MAX).split("\n", 1)[0] ?? "";
}

const WORD_MAX = 64;

function skipSpace(body: Buffer, start: number): number {
  let at = start;
  for (let byte = body[at]; byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d; byte = body[at]) at += 1;
  return at;
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function misread(code: ProblemCode, detail: string): ProblemError {
  return new ProblemError({
    status: 400,
    code,
    title: "Bad request",
    detail,
    remedy: `send content-type ${LINE_TYPES[0]} with one record on each line, or application/cloudevents-batch+json`,
  });
}

/** Whether a record may be a list. It may not when the `type` of every live version says so. */
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
