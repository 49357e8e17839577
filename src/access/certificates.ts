import type { Peer } from "../tls/peer.ts";
import type { Authenticated } from "./principal.ts";
import type { Role } from "./roles.ts";

/** What the holder of a certificate may do. */
export type CertificateRole = {
  /** A name that the certificate has: `cn:till-7`, `dns:...`, `uri:...` or `email:...`. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** Topics that it is limited to; empty: none. */
  readonly topics: readonly string[];
};

/**
 * Finds out who holds a certificate. The first row counts whose name it has; a certificate that no row names is nobody's. One that ended
 * while its connection stayed open is refused.
 */
export function certificatesBy(
  rows: readonly CertificateRole[],
  now: () => number,
): (peer: Exclude<Peer, { readonly kind: "none" }>) => Authenticated {
  return (peer) => {
    if (peer.kind === "unverified") return { kind: "unknown", by: "certificate" };
    if (peer.endsMs <= now()) return { kind: "ended", state: "expired" };
    const row = rows.find(({ name }) => peer.names.includes(name));
    if (row === undefined) return { kind: "unknown", by: "certificate" };
    const { name, roles, topics } = row;
    const id = peer.digest.slice(0, 12);
    return { kind: "known", who: { kind: "certificate", id, name, roles, scope: { subjects: [], topics } } };
  };
}
