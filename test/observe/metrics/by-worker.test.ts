import { expect, test } from "vitest";
import { byWorker } from "../../../src/observe/metrics/by-worker.ts";
import type { Family } from "../../../src/observe/metrics/family.ts";
import { createHistogram } from "../../../src/observe/metrics/histogram.ts";
import { textPage } from "../../../src/observe/metrics/text.ts";

function gauge(
  name: string,
  labels: readonly string[],
  samples: readonly (readonly [readonly string[], number])[],
): Family {
  return {
    of: { name, type: "gauge", help: "Something.", labels },
    samples: samples.map(([values, value]) => ({ labels: values, value })),
  };
}

function lines(families: readonly Family[]): readonly string[] {
  return textPage(families, "text")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("# HELP"));
}

test("each metric stands once, and each series says its worker", () => {
  const page = byWorker([
    { worker: "supervisor", families: [gauge("up", [], [[[], 1]])] },
    { worker: "1", families: [gauge("up", [], [[[], 2]]), gauge("kinds", ["kind"], [[["a"], 3]])] },
    { worker: "2", families: [gauge("kinds", ["type", "kind"], [[["t", "b"], 4]])] },
  ]);
  expect(lines(page)).toEqual([
    "# TYPE up gauge",
    'up{worker="supervisor"} 1',
    'up{worker="1"} 2',
    "# TYPE kinds gauge",
    'kinds{worker="1",kind="a",type=""} 3',
    'kinds{worker="2",kind="b",type="t"} 4',
  ]);
});

test("a histogram keeps its buckets", () => {
  const of = { name: "took_seconds", type: "histogram", help: "Time.", labels: ["stage"], bounds: [1] } as const;
  const histogram = createHistogram(of);
  histogram.observe(["fetch"], 0.5);
  const page = byWorker([{ worker: "1", families: [histogram.family()] }]);
  expect(lines(page)).toEqual([
    "# TYPE took_seconds histogram",
    'took_seconds_bucket{worker="1",stage="fetch",le="1.0"} 1',
    'took_seconds_bucket{worker="1",stage="fetch",le="+Inf"} 1',
    'took_seconds_sum{worker="1",stage="fetch"} 0.5',
    'took_seconds_count{worker="1",stage="fetch"} 1',
  ]);
});
