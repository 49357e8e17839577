import { describe, expect, test } from "vitest";
import type { Definition, Family } from "../../../src/observe/metrics/family.ts";
import { createHistogram } from "../../../src/observe/metrics/histogram.ts";
import { metricsPage } from "../../../src/observe/metrics/page.ts";
import { createCounter } from "../../../src/observe/metrics/series.ts";
import { readPage } from "./reading.ts";

const COUNTED = { name: "x_total", type: "counter", help: 'Of "x".', labels: ["of"] } as const satisfies Definition;
const TIMED = {
  name: "x_seconds",
  type: "histogram",
  help: "Of x.",
  labels: [],
  bounds: [0.5, 1, 2],
} as const satisfies Definition;

const TRACE = { traceId: "0af7651916cd43dd8448eb211c80319c", value: 0.75, atMs: 1_700_000_000_250 };

function families(): readonly Family[] {
  const counter = createCounter(COUNTED);
  counter.add(['a"\\\n'], 3);
  const histogram = createHistogram(TIMED);
  histogram.observe([], 0.75, 10);
  histogram.observe([], 3);
  histogram.mark([], TRACE);
  return [counter.family(), histogram.family()];
}

const OPENMETRICS = "application/openmetrics-text;version=1.0.0";
const PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

describe("metricsPage()", () => {
  test("writes the text format, with cumulative buckets and no exemplar", () => {
    const { contentType, body } = metricsPage(families(), undefined);
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(body).toBe(
      [
        '# HELP x_total Of "x".',
        "# TYPE x_total counter",
        'x_total{of="a\\"\\\\\\n"} 3',
        "# HELP x_seconds Of x.",
        "# TYPE x_seconds histogram",
        'x_seconds_bucket{le="0.5"} 0',
        'x_seconds_bucket{le="1.0"} 10',
        'x_seconds_bucket{le="2.0"} 10',
        'x_seconds_bucket{le="+Inf"} 11',
        "x_seconds_sum 10.5",
        "x_seconds_count 11",
        "",
      ].join("\n"),
    );
  });

  test("writes OpenMetrics, with exemplars, the counter named without its ending, and an end", () => {
    const { contentType, body } = metricsPage(families(), OPENMETRICS);
    expect(contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(body).toContain('# HELP x Of \\"x\\".\n# TYPE x counter\nx_total{of=');
    const exemplar = '# {trace_id="0af7651916cd43dd8448eb211c80319c"} 0.75 1700000000.25';
    expect(body).toContain(`x_seconds_bucket{le="1.0"} 10 ${exemplar}\n`);
    expect(String(body).endsWith("# EOF\n")).toBe(true);
  });

  test.each([
    ["nothing", undefined, "text/plain"],
    ["anything", "*/*", "text/plain"],
    ["a browser", "text/html,application/xhtml+xml,*/*;q=0.8", "text/plain"],
    [
      "OpenMetrics of a version to come before text",
      "application/openmetrics-text;version=2.0.0,text/plain;q=0.5",
      "text/plain",
    ],
    ["text of another version", "text/plain;version=1.0.0;escaping=allow-utf-8", "text/plain"],
    [
      "Prometheus 2",
      `${OPENMETRICS},${OPENMETRICS.replace("1.0.0", "0.0.1")};q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
      "application/openmetrics-text",
    ],
    [
      "Prometheus for native histograms",
      `${PROTOBUF};q=0.6,${OPENMETRICS};q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
      "application/vnd.google.protobuf",
    ],
    ["nothing binary", `${PROTOBUF};q=0,text/plain`, "text/plain"],
  ])("a collector that likes %s best", (_, accept, type) => {
    expect(metricsPage(families(), accept).contentType.split(";")[0]).toBe(type);
  });

  test("writes the binary format: messages behind their lengths", () => {
    const { body } = metricsPage(families(), PROTOBUF);
    const bytes = Buffer.from(body as Uint8Array);
    const first = bytes.subarray(1, 1 + (bytes[0] ?? 0));
    expect(first.subarray(0, 9)).toEqual(Buffer.from("\x0a\x07x_total", "latin1"));
    expect(bytes.includes("0af7651916cd43dd8448eb211c80319c")).toBe(true);
  });
});

describe("createHistogram()", () => {
  test("counts a value natively in the bucket that it fits into, as often as its weight", () => {
    const histogram = createHistogram(TIMED);
    histogram.observe([], 1, 2);
    histogram.observe([], 1.05);
    histogram.observe([], 0);
    const [one] = histogram.family().samples;
    expect(one).toMatchObject({
      count: 4,
      native: {
        schema: 3,
        zeros: 1,
        buckets: [
          [0, 2],
          [1, 1],
        ],
      },
    });
  });

  test("merges native buckets where values are too far apart, and loses none", () => {
    const histogram = createHistogram(TIMED);
    for (let power = -200; power <= 200; power += 1) histogram.observe([], 2 ** power, 3);
    const [one] = histogram.family().samples;
    if (one === undefined || !("native" in one)) throw new Error("there is no native histogram");
    expect(one.native.buckets.length).toBeLessThanOrEqual(160);
    expect(one.native.buckets.reduce((sum, [, count]) => sum + count, 0)).toBe(3 * 401);
    const base = 2 ** (2 ** -one.native.schema);
    expect(one.native.buckets.some(([bucket]) => base ** bucket >= 1 && base ** (bucket - 1) < 1)).toBe(true);
  });
});

describe("createCounter()", () => {
  test("counts what is beyond the limit of series under the label other", () => {
    const counter = createCounter(COUNTED, 2);
    for (const name of ["a", "b", "c", "d", "a"]) counter.add([name], 1);
    expect(readPage(String(metricsPage([counter.family()], undefined).body))).toEqual(
      new Map([
        ['x_total{of="a"}', 2],
        ['x_total{of="b"}', 1],
        ['x_total{of="other"}', 2],
      ]),
    );
  });

  test("without labels it is there before it counts", () => {
    const counter = createCounter({ ...COUNTED, labels: [] });
    expect(counter.family().samples).toMatchObject([{ value: 0 }]);
  });
});
