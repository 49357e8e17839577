import type { HttpDeps } from "../deps.ts";
import { FLIP_COUNTS } from "../flip-counts.ts";
import { notFound } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";
import { answer, name, text, versionText, whole } from "../schema-parts.ts";

const COVERAGE = {
  subject: text,
  version: whole,
  digest: text,
  state: { enum: ["running", "restarting", "stopped"] },
  seen: { ...whole, description: "judged + dropped + lost + queued" },
  judged: { ...whole, description: "The records the matrix is of" },
  dropped: { ...whole, description: "Never handed over: the queue was full, or the thread away" },
  lost: { ...whole, description: "Handed over to a thread that ended before it told of them" },
  queued: whole,
  restarts: whole,
} as const;

const SUMMARY = {
  type: "object",
  required: ["subject", "version", "digest", "state", "seen", "judged", "dropped", "lost", "queued", "restarts"],
  properties: {
    ...COVERAGE,
    counts: FLIP_COUNTS,
    declared: { ...FLIP_COUNTS, description: "The same of records that had named the version themselves" },
    identityChanged: { ...whole, description: "Of those that pass before and after: they would be another fact" },
  },
} as const;

const LIST = {
  operationId: "listShadows",
  summary: "How versions that only look on judge live traffic",
  response: {
    200: answer("Each with its matrix", {
      type: "object",
      required: ["shadows"],
      properties: { shadows: { type: "array", items: SUMMARY } },
    }),
  },
} as const;

const ONE = {
  operationId: "shadow",
  summary: "The same for one version, by producer and by fingerprint",
  params: {
    type: "object",
    required: ["subject", "version"],
    properties: { subject: name, version: versionText },
  },
  response: {
    200: answer("The matrix with its groups", {
      type: "object",
      required: SUMMARY.required,
      properties: { ...COVERAGE, flips: { type: "object" } },
    }),
  },
} as const;

/** How shadow versions judge live traffic, since the gateway began or their content changed. */
export function registerShadow(app: Routes, deps: HttpDeps): void {
  app.get("/v1/shadow", { schema: LIST, config: { role: "viewer" } }, async (_, reply) => {
    const shadows = (deps.shadow?.() ?? []).map(({ flips, ...coverage }) => ({
      ...coverage,
      counts: flips.counts,
      declared: flips.declared,
      identityChanged: flips.identityChanged,
    }));
    return reply.send({ shadows });
  });

  app.get(
    "/v1/shadow/:subject/:version",
    { schema: ONE, config: { role: "viewer", problems: { 404: ["no-shadow"] } } },
    async (request, reply) => {
      const { subject, version } = request.params;
      const shadows = deps.shadow?.() ?? [];
      const found = shadows.find((one) => one.subject === subject && String(one.version) === version);
      if (found !== undefined) return reply.send(found);
      const known = shadows.map((one) => `${one.subject}@${one.version}`).join(", ");
      const remedy = known === "" ? "name it in the setting shadow.versions" : `use one of: ${known}`;
      throw notFound("no-shadow", "No such version looks on", remedy);
    },
  );
}
