import type { FastifyInstance } from "fastify";
import type { ShadowSnapshot } from "../shadow/thread.ts";
import type { HttpDeps } from "./deps.ts";
import { metricsSchema } from "./schemas.ts";

/** Text format 0.0.4 of Prometheus, which every collector reads. */
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Family = { readonly name: string; readonly help: string; readonly lines: readonly string[] };

/** Counters of the versions that look on. Labels are names of contracts and cells, never anything of a record. */
export function registerMetrics(app: FastifyInstance, deps: HttpDeps): void {
  app.get("/metrics", { schema: metricsSchema, logLevel: "silent" }, async (_, reply) => {
    const families = shadowFamilies(deps.shadow?.() ?? []);
    const text = families.flatMap(({ name, help, lines }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} counter`,
      ...lines.map((line) => `${name}${line}`),
    ]);
    return reply.header("content-type", CONTENT_TYPE).send(text.map((line) => `${line}\n`).join(""));
  });
}

function shadowFamilies(shadows: readonly ShadowSnapshot[]): readonly Family[] {
  const of = (each: (one: ShadowSnapshot, name: string) => readonly string[]): readonly string[] =>
    shadows.flatMap((one) => each(one, `contract="${one.subject}@${one.version}"`));
  const fates = ["judged", "dropped", "lost"] as const;
  return [
    {
      name: "sigma_shadow_records_total",
      help: "Settled records shown to a version that looks on, by what became of them.",
      lines: of((one, name) => fates.map((fate) => `{${name},fate="${fate}"} ${one[fate]}`)),
    },
    {
      name: "sigma_shadow_flips_total",
      help: "Judged records by their verdict and that of the version that looks on.",
      lines: of(({ flips }, name) =>
        Object.entries(flips.counts).map(([cell, count]) => `{${name},flip="${cell}"} ${count}`),
      ),
    },
    {
      name: "sigma_shadow_restarts_total",
      help: "How often the thread of a version that looks on ended by itself.",
      lines: of(({ restarts }, name) => [`{${name}} ${restarts}`]),
    },
  ];
}
