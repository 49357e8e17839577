import type { FastifyRequest } from "fastify";
import { actorOf } from "../../access/principal.ts";
import type { Operator } from "../../gateway/operate.ts";
import { actorFrom } from "../../operator/origin.ts";
import { textIn, type Body } from "../body/members.ts";
import { refuseRole, whoAsks } from "./authenticate.ts";

/** Whether a request is of somebody whose name is known, so that they need not say it. */
export function isNamed(request: FastifyRequest): boolean {
  return whoAsks(request).kind !== "local";
}

/** Who acts and why, for the operator log: the key, or where nobody needs one the name in the body. @throws ProblemError 400 or 403 */
export function operatorIn(request: FastifyRequest, body: Body, nowMs: number): Operator {
  const actor = isNamed(request) ? "" : textIn(body, "actor");
  return operatorBy(request, { actor, reason: textIn(body, "reason") }, nowMs);
}

/**
 * Who acts by a request, for the operator log: the key, and only where nobody needs one what they call themselves; and from where.
 * Every route that writes something into the operator log takes its operator from here.
 * @throws ProblemError 403 where somebody has not the role of an operator.
 */
export function operatorBy(
  request: FastifyRequest,
  said: { readonly actor: string; readonly reason: string },
  nowMs: number,
): Operator {
  const who = whoAsks(request);
  refuseRole("operator", who);
  const actor = actorFrom(actorOf(who, said.actor), { via: "api", address: request.ip });
  return { actor, at: new Date(nowMs).toISOString(), reason: said.reason };
}
