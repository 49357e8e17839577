import type { HttpDeps } from "../deps.ts";
import type { Routes } from "../route-types.ts";
import { answer, text, whole } from "../schema-parts.ts";
import { objectiveView } from "../../slo/view.ts";

const NUMBER_OR_NULL = { type: ["number", "null"] } as const;
const SEVERITY = { enum: ["page", "ticket", null] } as const;

const OBJECTIVE = {
  title: "Objective",
  type: "object",
  required: [
    "name",
    "kind",
    "contract",
    "within",
    "target",
    "window",
    "promise",
    "since",
    "state",
    "good",
    "bad",
    "ratio",
    "budgetLeft",
    "firing",
    "alerts",
  ],
  properties: {
    name: text,
    kind: { enum: ["availability", "quality", "freshness"] },
    contract: { type: ["string", "null"], description: "Null: every stream" },
    within: { type: ["string", "null"], description: "Freshness: the longest time that is good" },
    target: { type: "number", description: "The share that is to be good, from 0 to 1" },
    window: text,
    promise: { ...text, description: "The objective as a sentence" },
    since: { type: ["string", "null"], description: "Since when it is counted; null: nothing was counted yet" },
    state: { enum: ["met", "breached", "no-data"] },
    good: { type: "number", description: "Records in the window; of availability milliseconds of time" },
    bad: { type: "number" },
    ratio: { ...NUMBER_OR_NULL, description: "The good share; null: nothing was counted" },
    budgetLeft: { type: "number", description: "1: all of the budget; 0: none; below 0: the objective is missed" },
    firing: { ...SEVERITY, description: "The most urgent alert that fires" },
    alerts: {
      type: "array",
      items: {
        type: "object",
        required: ["severity", "factor", "long", "short", "longRate", "shortRate", "firing"],
        properties: {
          severity: { enum: ["page", "ticket"] },
          factor: {
            type: "number",
            description: "It fires while both windows burn more than so many times the budget",
          },
          long: text,
          short: text,
          longRate: NUMBER_OR_NULL,
          shortRate: NUMBER_OR_NULL,
          firing: { type: "boolean" },
        },
      },
    },
  },
} as const;

const SLO = {
  operationId: "objectives",
  summary: "What is promised, how much of each budget is left, and how fast it goes",
  response: {
    200: answer("Every objective of the configuration", {
      type: "object",
      required: ["breached", "objectives"],
      properties: {
        breached: { ...whole, description: "How many are missed" },
        objectives: { type: "array", items: OBJECTIVE },
      },
    }),
  },
} as const;

/** `GET /v1/slo`: how the objectives stand, by what gateways counted in the store. */
export function registerSlo(app: Routes, deps: HttpDeps): void {
  app.get("/v1/slo", { schema: SLO, config: { role: "viewer" } }, async (_, reply) => {
    const objectives = (await deps.objectives?.report()) ?? [];
    const breached = objectives.filter(({ state }) => state === "breached").length;
    return reply.send({ breached, objectives: objectives.map(objectiveView) });
  });
}
