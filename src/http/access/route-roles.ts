import type { FastifyInstance } from "fastify";
import type { RouteRole } from "../../access/roles.ts";

/** A route of the server, and who may use it. */
export type RouteAccess = { readonly method: string; readonly url: string; readonly role: RouteRole };

const tables = new WeakMap<FastifyInstance, RouteAccess[]>();

/**
 * Collects the role of every route that is registered after this call.
 * @throws in the registration of a route that declares none, so that the server does not start.
 */
export function requireRoles(app: FastifyInstance): void {
  const table: RouteAccess[] = [];
  tables.set(app, table);
  app.addHook("onRoute", ({ method, url, config }) => {
    const role = config?.role;
    const methods = [method].flat();
    if (role === undefined) throw new Error(`Cannot serve ${methods.join(", ")} ${url}: its config declares no role`);
    for (const one of methods) table.push({ method: one, url, role });
  });
}

/** The routes of a server that was given to {@link requireRoles}, in the order of their registration. */
export function routesOf(app: FastifyInstance): readonly RouteAccess[] {
  return tables.get(app) ?? [];
}
