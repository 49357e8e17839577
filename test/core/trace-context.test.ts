import { expect, test } from "vitest";
import { formatTraceparent, parseTraceparent, traceOf } from "../../src/core/trace-context.ts";

const [TRACE, SPAN] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];

test("a traceparent is read and written as it was", () => {
  const text = `00-${TRACE}-${SPAN}-01`;
  const context = parseTraceparent(text);
  expect(context).toEqual({ traceId: TRACE, spanId: SPAN, flags: 1 });
  expect(context === null ? null : formatTraceparent(context)).toBe(text);
});

test("a later version may have more behind its flags, the first may not", () => {
  expect(parseTraceparent(`01-${TRACE}-${SPAN}-03-more`)).toEqual({ traceId: TRACE, spanId: SPAN, flags: 3 });
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-03-more`)).toBeNull();
});

test.each([
  "",
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  ` 00-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01\n`,
])("%j is malformed", (text) => {
  expect(parseTraceparent(text)).toBeNull();
});

test("the trace of a record is that of its first header of the name, also a CloudEvent's; one that is malformed is none", () => {
  const value = Buffer.from(`00-${TRACE}-${SPAN}-00`);
  const trace = { traceId: TRACE, spanId: SPAN, flags: 0 };
  expect(traceOf([])).toBeNull();
  expect(traceOf([["x", value]])).toBeNull();
  expect(traceOf([["traceparent", value]])).toEqual(trace);
  expect(traceOf([["ce_traceparent", value]])).toEqual(trace);
  expect(traceOf([["traceparent", Buffer.from("no")]])).toBeNull();
  expect(traceOf([["traceparent", Buffer.alloc(1_000, "0")]])).toBeNull();
});
