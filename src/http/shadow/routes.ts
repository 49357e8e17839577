import type { FastifyInstance } from "fastify";
import type { HttpDeps } from "../deps.ts";
import { notFound } from "../problems/problem.ts";
import { shadowSchemas } from "../watch-schemas.ts";

type Params = { readonly subject: string; readonly version: string };

/** How versions that only look on judge live traffic, since the gateway began or their content changed. */
export function registerShadow(app: FastifyInstance, deps: HttpDeps): void {
  app.get("/v1/shadow", { schema: shadowSchemas.list }, async () => ({
    shadows: (deps.shadow?.() ?? []).map(({ flips, ...coverage }) => ({
      ...coverage,
      counts: flips.counts,
      declared: flips.declared,
      identityChanged: flips.identityChanged,
    })),
  }));

  app.get<{ Params: Params }>("/v1/shadow/:subject/:version", { schema: shadowSchemas.one }, async (request) => {
    const { subject, version } = request.params;
    const shadows = deps.shadow?.() ?? [];
    const found = shadows.find((one) => one.subject === subject && String(one.version) === version);
    if (found !== undefined) return found;
    const known = shadows.map((one) => `${one.subject}@${one.version}`).join(", ");
    const remedy = known === "" ? "name it in the setting shadow.versions" : `use one of: ${known}`;
    throw notFound("no-shadow", "No such version looks on", remedy);
  });
}
