import { describe, expect, test } from "vitest";
import { fieldsOf, LOG_EVENTS, type EventRow, type LogEvent } from "../../src/observe/log/events.ts";
import { LOG_FIELDS, type FieldKind, type LogField } from "../../src/observe/log/fields.ts";
import { createLogger, type Logger } from "../../src/observe/log/logger.ts";
import { logFramework } from "../../src/observe/http.ts";
import { logVerdicts } from "../../src/observe/verdicts.ts";
import { faultsOf, keepLines } from "./lines.ts";

const SAMPLES: Readonly<Record<FieldKind, unknown>> = { string: "x", integer: 3, strings: ["x"], counts: { x: 1 } };

function sample(names: readonly LogField[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.map((name) => [name, SAMPLES[LOG_FIELDS[name].kind]]));
}

describe("a line of the log", () => {
  test.each(Object.entries<EventRow>(LOG_EVENTS))(
    "%s conforms to the schema, with all its fields and with the fewest",
    (name, row) => {
      const { log, texts } = keepLines("debug");
      const write = log.write as unknown as (event: string, fields: object, message?: string) => void;
      write(name, sample([...fieldsOf(row), ...row.optional, "trace_id", "span_id"]), row.message ?? "what happened");
      write(name, sample(fieldsOf(row)), row.message ?? "what happened");
      expect(texts).toHaveLength(2);
      expect(texts.flatMap(faultsOf)).toEqual([]);
    },
  );

  test("that lacks a field, has one of another event or of another type is none", () => {
    const line = { time: "2026-11-29T07:10:00.000Z", level: "info", msg: "stopped", event_name: "gateway.stopped" };
    const whole = { ...line, "sigma.layer": "orchestration", "service.name": "sigma-aetl", "process.pid": 1 };
    const faulty = [
      { ...whole, "sigma.layer": "validator" },
      { ...whole, "sigma.count": 1 },
      { ...whole, payload: "x" },
      line,
    ];
    expect(faultsOf(JSON.stringify(whole))).toEqual([]);
    for (const one of faulty) expect(faultsOf(JSON.stringify(one))).not.toEqual([]);
  });

  test("is for people in the pretty form, with short names and without what is the same everywhere", () => {
    const texts: string[] = [];
    const destination = { write: (text: string) => void texts.push(text) };
    const reword = (remedy: string): string => remedy.replace("sigma", "npx sigma");
    const log = createLogger({ level: "info", format: "pretty", destination, pid: 1, reword });
    const stream = { "messaging.destination.name": "orders", "messaging.destination.partition.id": "0" };
    const why = { "error.type": "STORE_FULL", "sigma.remedy": "run `sigma doctor`", "sigma.retry_ms": 100 };
    const page = { "sigma.runbook": "docs/runbooks/disk-full.md" };
    log.write("stream.paused", { ...stream, ...why, ...page }, "Cannot write");
    expect(texts.map((text) => text.replace(/^\d\d:\d\d:\d\d /, ""))).toEqual([
      "warn  Cannot write topic=orders partition=0 code=STORE_FULL remedy=run `npx sigma doctor` retryInMs=100 runbook=docs/runbooks/disk-full.md\n",
    ]);
  });

  test("is not written below the level", () => {
    const { log, texts } = keepLines("warn");
    log.write("gateway.stopped", {});
    expect([texts, log.writes("gateway.stopped"), log.writes("ledger.lost")]).toEqual([[], false, true]);
  });
});

test("every name is of one form, and every field of an event is in the table", () => {
  expect(Object.keys(LOG_EVENTS).filter((name) => !/^[a-z]+\.[a-z_]+$/.test(name))).toEqual([]);
  const used = new Set(Object.values<EventRow>(LOG_EVENTS).flatMap((row) => [...fieldsOf(row), ...row.optional]));
  const spare = Object.keys(LOG_FIELDS).filter((name) => !used.has(name as LogField));
  expect(spare).toEqual(["trace_id", "span_id"]);
});

test("verdicts of a route and contract are one line with their number by outcome", () => {
  const { log, later, lines, pass, texts } = keepLines();
  const note = logVerdicts(log, later);
  const contract = { subject: "order", version: 1, digest: "d" };
  const passed = { route: "/v1/validate", contract, status: "PASSED", code: null, fingerprint: null } as const;
  const failed = { ...passed, status: "FAILED", code: "schema", fingerprint: "a1" } as const;
  for (const verdict of [passed, passed, failed, failed]) note(verdict);
  note({ ...failed, contract: null, code: "malformed-not-json" });
  pass();
  const common = { event_name: "verdicts.given", "sigma.layer": "validator", "http.route": "/v1/validate" };
  const order = { "sigma.contract": "order@1" };
  const msg = "verdicts given";
  expect(lines()).toEqual([
    { ...common, ...order, "sigma.count": 1, "sigma.verdicts": { PASSED: 1 }, msg },
    { ...common, "sigma.count": 1, "sigma.verdicts": { "malformed-not-json": 1 }, msg },
    { ...common, ...order, "sigma.count": 3, "sigma.verdicts": { PASSED: 1, schema: 2 }, msg },
  ]);
  expect(texts.flatMap(faultsOf)).toEqual([]);
});

describe("of the HTTP framework's own lines", () => {
  function frameworkOf(log: Logger) {
    return logFramework(log).child();
  }

  test("a bug keeps its frames, and neither its message nor a URL", () => {
    const { log, lines, texts } = keepLines();
    frameworkOf(log).error({ err: new TypeError("CANARY\n  at CANARY"), code: "SIG-H-500", url: "/CANARY" });
    expect(lines()).toMatchObject([{ event_name: "http.bug", "exception.type": "TypeError" }]);
    expect(String(lines()[0]?.["exception.stacktrace"])).toContain("log.test.ts");
    expect(texts.join("")).not.toContain("CANARY");
    expect(texts.flatMap(faultsOf)).toEqual([]);
  });

  test("other trouble keeps its name and code", () => {
    const { log, lines, texts } = keepLines();
    frameworkOf(log).warn({ err: Object.assign(new Error("CANARY"), { code: "FST_ERR_X" }), req: { url: "/CANARY" } });
    frameworkOf(log).warn("CANARY");
    frameworkOf(log).info();
    expect(lines().map((one) => [one["exception.type"], one["error.type"]])).toEqual([
      ["Error", "FST_ERR_X"],
      ["none", undefined],
    ]);
    expect(texts.join("")).not.toContain("CANARY");
    expect(texts.flatMap(faultsOf)).toEqual([]);
  });
});

const NAMES: readonly LogEvent[] = ["batches.settled", "verdicts.given"];

test("what happens many times a second is summed up at info level", () => {
  expect(NAMES.map((name) => LOG_EVENTS[name].level)).toEqual(["info", "info"]);
  expect([LOG_EVENTS["batch.settled"].level, LOG_EVENTS["verdict.given"].level]).toEqual(["debug", "debug"]);
});
