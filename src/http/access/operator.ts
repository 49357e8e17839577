import type { FastifyRequest } from "fastify";
import { actorOf } from "../../access/principal.ts";
import type { Operator } from "../../gateway/operate.ts";
import { textIn, type Body } from "../body/members.ts";
import { whoAsks } from "./authenticate.ts";

/** Who acts and why, for the operator log: the key, or where nobody needs one the name in the body. @throws ProblemError 400 */
export function operatorIn(request: FastifyRequest, body: Body, nowMs: number): Operator {
  const who = whoAsks(request);
  const actor = actorOf(who, who.kind === "local" ? textIn(body, "actor") : "");
  return { actor, reason: textIn(body, "reason"), at: new Date(nowMs).toISOString() };
}
