import type { Routes } from "../route-types.ts";
import { TAKES } from "./asking.ts";
import { notPermitted } from "./errors.ts";
import { READS, OF_SUBJECT, refusedRoute, route } from "./route-schema.ts";

const LEVEL = {
  type: "object",
  required: ["compatibilityLevel"],
  properties: { compatibilityLevel: { const: "BACKWARD" } },
} as const;
const MODE = { type: "object", required: ["mode"], properties: { mode: { const: "READONLY" } } } as const;

const CONFIG_ROUTE = route("GetConfig", "The config of the registry", LEVEL, {});
const CONFIG_OF_SUBJECT = route("GetConfigOfSubject", "The config of a subject", LEVEL, OF_SUBJECT);
const MODE_ROUTE = route("GetMode", "The mode of the registry", MODE, {});
const MODE_OF_SUBJECT = route("GetModeOfSubject", "The mode of a subject", MODE, OF_SUBJECT);

const BACKWARD = { compatibilityLevel: "BACKWARD" } as const;
const READONLY = { mode: "READONLY" } as const;

/** `/config` and `/mode`: both are the same for every subject, and cannot be changed over HTTP. */
export function registerSettings(scope: Routes): void {
  scope.get("/config", { schema: CONFIG_ROUTE, config: READS }, async (_, reply) => reply.send(BACKWARD));
  scope.get("/config/:subject", { schema: CONFIG_OF_SUBJECT, config: READS }, async (_, reply) => reply.send(BACKWARD));
  scope.get("/mode", { schema: MODE_ROUTE, config: READS }, async (_, reply) => reply.send(READONLY));
  scope.get("/mode/:subject", { schema: MODE_OF_SUBJECT, config: READS }, async (_, reply) => reply.send(READONLY));
  for (const path of ["/config", "/mode"]) {
    for (const method of ["PUT", "DELETE"] as const) {
      for (const url of [path, `${path}/:subject`]) {
        const schema = refusedRoute(method, url);
        const handler = async (): Promise<never> => Promise.reject(notPermitted(`Changing ${path}`));
        scope.route({ method, url, schema, config: TAKES, handler });
      }
    }
  }
}
