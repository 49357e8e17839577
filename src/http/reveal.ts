import type { FastifyRequest } from "fastify";
import type { SettledRow } from "../store/store.ts";
import { isNamed, operatorBy } from "./access/operator.ts";
import type { HttpDeps } from "./deps.ts";
import { ProblemError } from "./problems/problem.ts";
import type { Described } from "./route-types.ts";

/** The parameters of a query that asks for redacted bytes. */
export const REVEAL = {
  type: "object",
  properties: {
    reveal: {
      enum: ["true"],
      description: "Show bytes that the settings redact; with actor and reason, which are kept. Role: operator",
    },
    actor: {
      type: "string",
      minLength: 1,
      maxLength: 100,
      description: "Who wants to see them; with a key it is the key",
    },
    reason: { type: "string", minLength: 1, maxLength: 1000, description: "Why; it is kept in the operator log" },
  },
} as const;

/** Lets redacted bytes be shown only to who says who and why, which is kept before. @throws ProblemError 403. */
export async function refuseRedacted(
  { redaction, reveal, now }: HttpDeps,
  request: FastifyRequest,
  { position, contract }: Pick<SettledRow, "position" | "contract">,
): Promise<void> {
  if (redaction?.isFor(contract) !== true) return;
  const { reveal: wanted, actor: claimed = "", reason = "" } = request.query as Described<typeof REVEAL>;
  const isSaid = wanted === "true" && (isNamed(request) || claimed.trim() !== "") && reason.trim() !== "";
  if (reveal === undefined || !isSaid) {
    const detail = "The settings redact values of such records, so their bytes are not shown";
    const remedy = "add ?reveal=true&actor=NAME&reason=TEXT: who looks and why is kept in the operator log";
    throw new ProblemError({ status: 403, code: "redacted", title: "Redacted", detail, remedy });
  }
  await reveal(position, operatorBy(request, { actor: claimed.trim(), reason: reason.trim() }, now()));
}
