/**
 * What somebody may do. A viewer reads; an operator also acts on what was decided; an admin may do everything, keys included. A producer
 * appends, and nothing else. A validator asks how payloads would be judged, and reads contracts.
 */
export const ROLES = ["viewer", "operator", "admin", "producer", "validator"] as const;

export type Role = (typeof ROLES)[number];

/** What a route asks for: a role, or nothing. */
export type RouteRole = Role | "public";

/** Which roles a route of each kind takes. Whoever reads what was decided may ask how a payload would be. */
const TAKEN: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ["viewer", "operator", "admin"],
  operator: ["operator", "admin"],
  admin: ["admin"],
  producer: ["producer", "admin"],
  validator: ["validator", "viewer", "operator", "admin"],
};

/** Whether somebody of these roles may use a route. */
export function mayUse(roles: readonly Role[], route: RouteRole): boolean {
  return route === "public" || roles.some((role) => TAKEN[route].includes(role));
}
