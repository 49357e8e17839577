import Fastify from "fastify";
import { expect, test } from "vitest";
import { mayUse, ROLES, type Role, type RouteRole } from "../../../src/access/roles.ts";
import { requireRoles, routesOf } from "../../../src/http/access/route-roles.ts";
import { openApp } from "../service.ts";

/** Who may use what, written out once more. */
const MAY: Readonly<Record<Role, readonly RouteRole[]>> = {
  viewer: ["public", "viewer", "validator"],
  operator: ["public", "viewer", "validator", "operator"],
  admin: ["public", "viewer", "validator", "operator", "producer", "admin"],
  producer: ["public", "producer"],
  validator: ["public", "validator"],
};

test("a server with a route that declares no role does not start", async () => {
  const app = Fastify();
  requireRoles(app);
  app.get("/with", { config: { role: "viewer" } }, async () => "");
  await expect(async () => app.get("/without", async () => "")).rejects.toThrow(
    "Cannot serve GET /without: its config declares no role",
  );
  await expect(async () => app.register(async (scope) => scope.put("/in", async () => ""))).rejects.toThrow("PUT /in");
});

const CONSOLE =
  /^\/(?:$|assets\/|icon\.svg$|live$|failures|r\/|contracts|redrives|objectives$|ledger|keys$|operator-log$|playground$|health$)/;

test("every route of the gateway has a role, and only these are open to all", async () => {
  const routes = routesOf(await openApp());
  expect(routes.length).toBeGreaterThan(40);
  const open = routes.filter(({ role, method }) => role === "public" && method === "GET");
  const isConsole = (url: string): boolean => CONSOLE.test(url);
  // The console is a program without data: what it shows it asks for, under a role.
  expect(
    open
      .map(({ url }) => url)
      .filter((url) => !isConsole(url))
      .toSorted(),
  ).toEqual([
    "/auth/callback",
    "/auth/login",
    "/auth/session",
    "/docs",
    "/livez",
    "/openapi.json",
    "/readyz",
    "/runbooks/*",
  ]);
});

test("nothing is written under a role that reads", async () => {
  const routes = routesOf(await openApp());
  const writes = routes.filter(({ method, role }) => !["GET", "HEAD"].includes(method) && role === "viewer");
  expect(writes).toEqual([]);
});

test("each role may use the routes that are said of it, and no other", async () => {
  const routes = routesOf(await openApp());
  for (const { method, url, role } of routes)
    for (const one of ROLES)
      expect([one, method, url, mayUse([one], role)]).toEqual([one, method, url, MAY[one].includes(role)]);
});
