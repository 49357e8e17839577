import type { FastifyInstance, FastifyRequest } from "fastify";
import { LOCAL, type Principal } from "../../access/principal.ts";
import { mayUse, type Role } from "../../access/roles.ts";
import { isWithin, type About } from "../../access/scope.ts";
import type { HttpDeps } from "../deps.ts";
import { identify } from "./identify.ts";
import { ProblemError } from "../problems/problem.ts";

type Deps = Pick<HttpDeps, "access" | "contracts">;

const known = new WeakMap<FastifyRequest, Principal>();

/** Who makes a request of a route that asks for a role. */
export function whoAsks(request: FastifyRequest): Principal {
  return known.get(request) ?? LOCAL;
}

/**
 * Refuses requests of routes that ask for a role, before their bodies are read: 401 to who is not known, 403 to who may not.
 * Without `access` whoever reaches the server may do everything.
 */
export function authenticateRequests(app: FastifyInstance, deps: Deps): void {
  const { access } = deps;
  if (access === undefined) return;
  app.addHook("onRequest", async (request, reply) => {
    // A route without a role does not start the server (route-roles.ts).
    const { role = "admin", scope } = request.routeOptions.config;
    if (request.is404 || role === "public") return;
    const found = await identify(access, request, reply);
    if (found.kind === "away") throw providerAway(found.why);
    if (found.kind !== "known") {
      // Also where the registry answers by its own rules.
      void reply.header("www-authenticate", found.kind === "none" ? REALM : `${REALM}, error="invalid_token"`);
      throw unauthenticated(found);
    }
    const { who } = found;
    known.set(request, who);
    refuseRole(role, who);
    if (scope === undefined) refuseOutOfScope(deps, request, request.params as About);
  });
}

const REALM = 'Bearer realm="sigma"';

/** Who vouches for people cannot be asked now: nobody is let in, and nobody is told that they are not known. */
export function providerAway(why: string): ProblemError {
  return new ProblemError({
    status: 503,
    code: "provider-away",
    title: "Not available now",
    detail: `The provider that vouches for people cannot be asked: ${why}`,
    remedy: "try again; keys are taken meanwhile",
    headers: { "retry-after": "3" },
  });
}

/**
 * Refuses a request about what the key is not for.
 * @param about what it is about; neither a topic nor a subject: everything.
 * @throws ProblemError 403
 */
export function refuseOutOfScope({ contracts }: Pick<Deps, "contracts">, request: FastifyRequest, about: About): void {
  const { scope } = whoAsks(request);
  const { subject, topic } = about;
  const subjectOf = (name: string): string | null => contracts().byTopic.get(name)?.contract.subject ?? null;
  if (isWithin(scope, { subject, topic }, subjectOf)) return;
  const names = [...scope.subjects, ...scope.topics].join(", ");
  const isAll = subject === undefined && topic === undefined;
  throw new ProblemError({
    status: 403,
    code: "out-of-scope",
    title: "Forbidden",
    detail: isAll ? `The request is about all records, and the key is for ${names}` : `The key is for ${names} alone`,
    remedy: isAll ? "ask for one topic or one subject, or with a key for all" : "use a key that is for it",
  });
}

function unauthenticated(found: {
  readonly kind: "none" | "unknown" | "ended";
  readonly by?: "certificate";
  readonly state?: string;
}): ProblemError {
  const remedy = "send the header Authorization: Bearer KEY; `sigma keys api new` makes a key";
  const common = { status: 401, title: "Not authenticated" } as const;
  switch (found.kind) {
    case "none":
      return new ProblemError({ ...common, code: "no-key", detail: "The request has no key", remedy });
    case "unknown":
      if (found.by === "certificate") return new ProblemError({ ...common, ...BAD_CERTIFICATE });
      return new ProblemError({ ...common, code: "bad-key", detail: "The key is none of this gateway", remedy });
    case "ended": {
      const detail = `The key is ${found.state ?? "ended"}`;
      return new ProblemError({ ...common, code: "key-ended", detail, remedy: "ask an admin for another" });
    }
  }
}

const BAD_CERTIFICATE = {
  code: "bad-certificate",
  detail: "The certificate of the client is none that this gateway knows",
  remedy:
    "show one that an authority in http.tls_client_ca_file signed, with a name that http.tls_client_roles has; or send a key",
} as const;

/** @throws ProblemError 403 where somebody has not the role. */
export function refuseRole(role: Role, { roles }: Principal): void {
  if (mayUse(roles, role)) return;
  throw new ProblemError({
    status: 403,
    code: "role",
    title: "Forbidden",
    detail: `The request needs the role ${role}, and the key has ${roles.join(", ")}`,
    remedy: "use a key with that role",
  });
}
