import type { AnchorEvent, BatchMeasures, ContractsEvent, DecisionTally, GatewayEvent } from "../../gateway/event.ts";
import { isRedrive as isOfRedrive } from "../../ledger/redrive-stream.ts";
import { createCounter } from "./series.ts";
import { METRICS } from "./definitions.ts";
import type { Family } from "./family.ts";
import { createHistogram } from "./histogram.ts";
import { createKnownStreams, type EndOf } from "./streams.ts";

/** Counts what the gateway reports. Nothing in it comes from a record but the version that it names and that the set has. */
export type GatewayMetrics = {
  readonly observe: (event: GatewayEvent) => void;
  readonly observeContracts: (event: ContractsEvent) => void;
  readonly observeAnchors: (event: AnchorEvent) => void;
  readonly families: (endOf: EndOf, nowMs: number) => Promise<readonly Family[]>;
};

export function createGatewayMetrics(): GatewayMetrics {
  const streams = createKnownStreams();
  const batches = createBatchMetrics();
  const [races, redone, groups] = [METRICS.races, METRICS.redone, METRICS.groups].map((of) => createCounter(of));
  const halts = createCounter(METRICS.halts);
  const pauses = createCounter(METRICS.pauses);
  const errors = createCounter(METRICS.errors);
  const swaps = createCounter(METRICS.swaps);
  const anchors = createCounter(METRICS.anchors);
  for (const result of ["swapped", "refused"]) swaps.add([result], 0);
  const count = (event: GatewayEvent): void => {
    switch (event.kind) {
      case "batch-settled":
        batches.add(event.measures);
        groups?.add([], event.newGroups.length);
        return;
      case "tail-redone":
        redone?.add([], 1);
        if (event.measures !== null) batches.add(event.measures);
        groups?.add([], event.newGroups.length);
        return;
      case "ledger-lost":
        races?.add([], 1);
        return;
      case "stream-paused":
        if (!isOfRedrive(event.stream.id) && !streams.isPaused(event.stream)) pauses.add([event.code], 1);
        errors.add([backendOf(event.code), event.code], 1);
        return;
      case "stream-halted":
        if (!isOfRedrive(event.stream.id)) halts.add([event.halt.code], 1);
        return;
      case "stream-acquired":
      case "stream-checked":
      case "stream-resumed":
      case "stream-stopped":
    }
  };
  return {
    observe: (event) => {
      count(event);
      streams.see(event);
    },
    observeContracts: ({ kind }) => {
      if (kind === "contracts-swapped") swaps.add(["swapped"], 1);
      if (kind === "contracts-refused") swaps.add(["refused"], 1);
      if (kind === "contracts-stale") errors.add(["contracts", "CONTRACTS_UNREACHABLE"], 1);
    },
    observeAnchors: (event) => {
      if (event.kind === "anchored") anchors.add(["written"], 1);
      if (event.kind === "head-fell-behind") anchors.add(["behind"], 1);
      if (event.kind !== "anchor-trouble") return;
      anchors.add(["failed"], 1);
      errors.add(["anchor", event.code], 1);
    },
    families: async (endOf, nowMs) => [
      ...batches.families(),
      ...[groups, races, redone, halts, pauses, errors].flatMap((one) => (one === undefined ? [] : [one.family()])),
      ...(await streams.families(endOf, nowMs)),
      swaps.family(),
      anchors.family(),
    ],
  };
}

const BACKENDS: readonly (readonly [prefix: string, backend: string])[] = [
  ["LOG_", "log"],
  ["STORE_", "store"],
  ["REGISTRY_", "registry"],
  ["POOL_", "pool"],
  ["ANCHOR_", "anchor"],
  ["CONTRACTS_", "contracts"],
];

function backendOf(code: string): string {
  return BACKENDS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "other";
}

/** What one batch adds: some dozens of additions, whatever the number of its records. */
function createBatchMetrics() {
  const counters = {
    decisions: createCounter(METRICS.decisions),
    redriven: createCounter(METRICS.redriven),
    replayed: createCounter(METRICS.replayed),
    batches: createCounter(METRICS.batches),
    evidence: createCounter(METRICS.evidence),
  };
  const durable = createHistogram(METRICS.durable);
  const decide = createHistogram(METRICS.decide);
  const stage = createHistogram(METRICS.stage);
  const replays = (tally: DecisionTally, isRedrive: boolean): void => {
    const kind = tally.outcome === "duplicate" ? "duplicate" : tally.code === "conflict" ? "conflict" : null;
    if (isRedrive) counters.replayed.add([tally.subject, "redriven"], tally.count);
    else if (kind !== null) counters.replayed.add([tally.subject, kind], tally.count);
  };
  return {
    add: ({
      isRedrive,
      decisions,
      bytes,
      produced,
      durableAtMs,
      decideMs,
      stagesMs,
      subject,
      traced,
    }: BatchMeasures): void => {
      const decided = isRedrive ? counters.redriven : counters.decisions;
      for (const tally of decisions) {
        const version = tally.version === null ? "" : String(tally.version);
        decided.add([tally.subject, version, tally.outcome, tally.code ?? ""], tally.count);
        replays(tally, isRedrive);
      }
      counters.batches.add([], 1);
      counters.evidence.add(["raw"], bytes.evidence);
      counters.evidence.add(["packed"], bytes.packed);
      const of = [subject];
      for (const ms of decideMs.timed) decide.observe(of, ms / 1_000, decideMs.every);
      for (const [name, ms] of Object.entries(stagesMs)) stage.observe([name], ms / 1_000);
      if (isRedrive) return;
      for (const [index, ms] of produced.ms.entries()) {
        // Kafka says -1 where a record has no time. Clocks of producers may be ahead of ours.
        if (ms >= 0) durable.observe(of, Math.max(0, durableAtMs - ms) / 1_000, produced.counts[index]);
      }
      if (traced === null) return;
      const value = Math.max(0, durableAtMs - traced.timestampMs) / 1_000;
      durable.mark(of, { traceId: traced.traceId, value, atMs: durableAtMs });
    },
    families: (): readonly Family[] => [
      ...Object.values(counters).map((one) => one.family()),
      durable.family(),
      decide.family(),
      stage.family(),
    ],
  };
}
