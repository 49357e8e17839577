import type { HttpDeps } from "../deps.ts";
import type { Routes } from "../route-types.ts";
import { answer, text } from "../schema-parts.ts";

const CONFIG = {
  operationId: "config",
  summary: "Every setting, and where its value comes from; secrets are not shown",
  response: {
    200: answer("The settings", {
      type: "object",
      required: ["settings"],
      properties: {
        settings: {
          type: "array",
          items: {
            title: "ShownSetting",
            type: "object",
            required: ["key", "value", "origin", "description"],
            properties: {
              key: text,
              value: { ...text, description: "In words; (secret) for what is not shown" },
              origin: { ...text, description: "default, or the file with its line, the variable or the option" },
              description: text,
            },
          },
        },
      },
    }),
  },
} as const;

/** `GET /v1/config`: what `sigma config show --origin` prints. It names hosts and paths, so viewers do not see it. */
export function registerConfig(app: Routes, deps: HttpDeps): void {
  app.get("/v1/config", { schema: CONFIG, config: { role: "operator" } }, async (_, reply) =>
    reply.send({ settings: deps.settings ?? [] }),
  );
}
