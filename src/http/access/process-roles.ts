import type { FastifyInstance } from "fastify";
import { ProblemError } from "../problems/problem.ts";
import type { RouteAccess } from "./route-roles.ts";

/** What a process is for. `all` is a gateway by itself; processes of the others make one together. */
export const PROCESS_ROLES = ["all", "ingest", "worker", "validator", "console", "router"] as const;

export type ProcessRole = (typeof PROCESS_ROLES)[number];

/** How a process is asked how it is: every role serves these. */
const PROBES: readonly string[] = ["/livez", "/readyz", "/metrics"];
/** What the interface is: for every role that people or programs ask something else than how it is. */
const PAGES: readonly string[] = ["/docs", "/openapi.json"];

/** Which routes a role serves besides {@link PROBES}: it follows from whom each route is for. */
const SERVED: Readonly<Record<ProcessRole, (route: RouteAccess) => boolean>> = {
  all: () => true,
  ingest: ({ url, role }) => role === "producer" || PAGES.includes(url),
  worker: () => false,
  router: () => false,
  // Verdicts, and the contracts they are by.
  validator: ({ url, role }) => role === "validator" || PAGES.includes(url),
  // Everything that only reads; people sign in and out there too.
  console: ({ method, url, role }) => role !== "producer" && (isRead(method) || url.startsWith("/auth/")),
};

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** Whether processes of a role serve a route. */
export function isServed(process: ProcessRole, route: RouteAccess): boolean {
  return PROBES.includes(route.url) || SERVED[process](route);
}

/**
 * Lets a server answer only what its role serves. The other routes that are registered after this call answer 404 `other-role`, before
 * their bodies are read, and are left out of `/openapi.json`.
 */
export function serveOnly(app: FastifyInstance, process: ProcessRole): void {
  app.addHook("onRoute", (options) => {
    const { url, config } = options;
    const role = config?.role ?? "admin";
    const refused = [options.method].flat().filter((method) => !isServed(process, { method, url, role }));
    if (refused.length === 0) return;
    options.schema = { ...options.schema, hide: true };
    options.onRequest = async (request) => {
      if (refused.includes(request.method)) throw otherRole(process, { method: request.method, url, role });
    };
  });
}

function otherRole(process: ProcessRole, route: RouteAccess): ProblemError {
  const others = PROCESS_ROLES.filter((one) => isServed(one, route));
  return new ProblemError({
    status: 404,
    code: "other-role",
    title: "Not found",
    detail: `This process has the role ${process}, which does not serve this route`,
    remedy: `ask a process of role ${others.join(" or ")}`,
  });
}
