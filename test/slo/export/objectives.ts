import type { Objective } from "../../../src/slo/objective.ts";

const DAY_MS = 86_400_000;

/** One objective of each kind, as docs/objectives.md has them. */
export const EXAMPLES: readonly Objective[] = [
  {
    name: "decisions",
    kind: "availability",
    subject: null,
    targetMillionths: 999_000,
    windowMs: 30 * DAY_MS,
    withinMs: null,
  },
  {
    name: "shipment-quality",
    kind: "quality",
    subject: "shipment",
    targetMillionths: 990_000,
    windowMs: 30 * DAY_MS,
    withinMs: null,
  },
  {
    name: "shipment-fresh",
    kind: "freshness",
    subject: "shipment",
    targetMillionths: 990_000,
    windowMs: 7 * DAY_MS,
    withinMs: 5_000,
  },
];
