import { expect, test } from "vitest";
import { PROCESS_ROLES, type ProcessRole } from "../../../src/http/access/process-roles.ts";
import { routesOf, type RouteAccess } from "../../../src/http/access/route-roles.ts";
import { openApp } from "../service.ts";

const PROBES = ["/livez", "/readyz", "/metrics"];

/** Which routes each role serves, written out once more. */
const SERVES: Readonly<Record<ProcessRole, (route: RouteAccess) => boolean>> = {
  all: () => true,
  ingest: ({ method, url }) =>
    [...PROBES, "/docs", "/openapi.json"].includes(url) || `${method} ${url}` === "POST /v1/events/:topic",
  worker: ({ url }) => PROBES.includes(url),
  router: ({ url }) => PROBES.includes(url),
  validator: ({ url }) =>
    [
      ...PROBES,
      "/docs",
      "/openapi.json",
      "/api/validate",
      "/v1/validate/:subject",
      "/v1/validate/:subject/batch",
      "/v1/decide",
    ].includes(url) ||
    // What producers send is in the store, which a validator does not open.
    (/^\/(?:v1\/contracts|registry)(?:\/|$)/.test(url) && !url.endsWith("/traffic")),
  console: ({ method, url }) => ["GET", "HEAD"].includes(method) || url.startsWith("/auth/"),
};

/** A path of a route. */
function pathOf({ url }: RouteAccess): string {
  return url.replaceAll(/:[A-Za-z]+/g, "x").replace("*", "x");
}

test.each(PROCESS_ROLES)("a process of role %s serves what the table says of it, and nothing else", async (role) => {
  const app = await openApp({ http: { role } });
  const routes = routesOf(app);
  expect(routes.length).toBeGreaterThan(40);
  const found: string[] = [];
  for (const route of routes) {
    const method = route.method as "GET";
    const answer = await app.inject({ method, url: pathOf(route), headers: { host: "localhost" } });
    const isRefused =
      answer.statusCode === 404 && (method as string) !== "HEAD" && answer.body.includes("This process has the role");
    const wasServed = (method as string) === "HEAD" ? SERVES[role](route) : !isRefused;
    if (wasServed !== SERVES[role](route)) found.push(`${method} ${route.url}`);
  }
  expect(found).toEqual([]);
});

test("a route of another role says whom to ask, before it reads the body", async () => {
  const app = await openApp({ http: { role: "console" } });
  const answer = await app.inject({
    method: "POST",
    url: "/v1/events/t",
    headers: { host: "localhost", "content-type": "application/json" },
    payload: "{",
  });
  expect([answer.statusCode, answer.json()]).toMatchObject([
    404,
    { code: "other-role", remedy: "ask a process of role all or ingest" },
  ]);
});

test("/openapi.json describes what the process serves", async () => {
  const app = await openApp({ http: { role: "ingest" } });
  const { paths } = (await app.inject({ url: "/openapi.json", headers: { host: "localhost" } })).json<{
    paths: Readonly<Record<string, unknown>>;
  }>();
  expect(Object.keys(paths).toSorted()).toEqual(["/livez", "/metrics", "/readyz", "/v1/events/{topic}"]);
});
