import type { Role } from "./roles.ts";
import { EVERYTHING, type Scope } from "./scope.ts";

/** Who makes a request. */
export type Principal = {
  /** `local`: nobody needs a key yet. */
  readonly kind: "local" | "key" | "person" | "certificate";
  /** Id of the key, the subject by which the provider knows the person, the beginning of the certificate's SHA-256; "" of `local`. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly scope: Scope;
};

/** Who a request comes from, or why that is not believed. */
export type Authenticated =
  | { readonly kind: "known"; readonly who: Principal }
  /** A key is needed, and none was given. */
  | { readonly kind: "none" }
  /** What was given is no key, or none of this gateway; or a certificate that nobody vouches for, or that names nobody known here. */
  | { readonly kind: "unknown"; readonly by?: "certificate" }
  /** It was a key. */
  | { readonly kind: "ended"; readonly state: "revoked" | "expired" }
  /** Who vouches for it cannot be asked now. */
  | { readonly kind: "away"; readonly why: string };

/** Whoever reaches a gateway that asks for no key: they may do everything. */
export const LOCAL: Principal = { kind: "local", id: "", name: "", roles: ["admin"], scope: EVERYTHING };

/** How the operator log names who acts. @param claimed what they call themselves, which counts only where nobody needs a key. */
export function actorOf({ kind, id, name }: Principal, claimed: string): string {
  if (kind === "local") return claimed;
  return `${name} (${kind === "person" ? "subject" : kind} ${id})`;
}
