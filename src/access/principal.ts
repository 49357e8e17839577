import type { Role } from "./roles.ts";
import { EVERYTHING, type Scope } from "./scope.ts";

/** Who makes a request. */
export type Principal = {
  /** `local`: nobody needs a key yet. */
  readonly kind: "local" | "key";
  /** Id of the key; "" of `local`. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly scope: Scope;
};

/** Whoever reaches a gateway that asks for no key: they may do everything. */
export const LOCAL: Principal = { kind: "local", id: "", name: "", roles: ["admin"], scope: EVERYTHING };

/** How the operator log names who acts. @param claimed what they call themselves, which counts only where nobody needs a key. */
export function actorOf({ kind, id, name }: Principal, claimed: string): string {
  return kind === "local" ? claimed : `${name} (key ${id})`;
}
