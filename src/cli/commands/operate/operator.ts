import { userInfo } from "node:os";
import type { Operator } from "../../../gateway/operate.ts";
import { actorFrom } from "../../../operator/origin.ts";
import { usage } from "../../terminal/refusal.ts";

/**
 * The user who runs the command, and the time.
 * @throws Refusal without a reason, which is kept in the operator log for ever.
 */
export function operatorOf({ reason }: { readonly reason: string }): Operator {
  if (reason.trim() === "") throw usage("SIG-I-012", "A reason is needed: it is kept for ever", "add --reason TEXT");
  const actor = actorFrom(userInfo().username, { via: "cli" });
  return { actor, at: new Date().toISOString(), reason: reason.trim().slice(0, 1_000) };
}
