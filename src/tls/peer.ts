import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { X509Certificate } from "node:crypto";

/** The certificate that a client showed when its connection was made. */
export type Peer =
  | { readonly kind: "none" }
  /** It showed one that no authority of the settings vouches for now. */
  | { readonly kind: "unverified" }
  | {
      readonly kind: "verified";
      /** Every name of the certificate: `cn:till-7`, `dns:till-7.example.com`, `uri:spiffe://example.com/till`, `email:a@b.c`. */
      readonly names: readonly string[];
      /** Milliseconds since the epoch. */
      readonly endsMs: number;
      /** SHA-256 of the certificate, hex. */
      readonly digest: string;
    };

const NONE: Peer = { kind: "none" };
const UNVERIFIED: Peer = { kind: "unverified" };

const peers = new WeakMap<Socket, Peer>();

/** Who is at the other end of a connection. */
export function peerOf(socket: Socket): Peer {
  if (!(socket instanceof TLSSocket)) return NONE;
  const before = peers.get(socket);
  if (before !== undefined) return before;
  const peer = read(socket);
  peers.set(socket, peer);
  return peer;
}

/** The authorities of clients are others now: what this connection showed counts no longer. The next one is judged anew. */
export function distrust(socket: Socket): void {
  if (peerOf(socket).kind === "verified") peers.set(socket, UNVERIFIED);
}

function read(socket: TLSSocket): Peer {
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return NONE;
  if (!socket.authorized) return UNVERIFIED;
  return {
    kind: "verified",
    names: namesOf(shown),
    endsMs: shown.validToDate.getTime(),
    digest: shown.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
}

/** How Node's text of a subjectAltName names the kinds of names that count here. */
const KINDS: Readonly<Record<string, string>> = { DNS: "dns", URI: "uri", email: "email" };

/**
 * The common name and the names of subjectAltName. Node quotes a name that holds a comma, a quote or a control character as JSON does;
 * such a name does not count, so that nothing can be made to look like two.
 */
function namesOf({ subject, subjectAltName }: X509Certificate): readonly string[] {
  const commons = subject.split("\n").flatMap((line) => /^CN=([^\\"+]{1,200})$/.exec(line)?.[1] ?? []);
  // A second common name would make it a matter of taste which one counts.
  const [common, second] = commons;
  const names = common === undefined || second !== undefined ? [] : [`cn:${common}`];
  if (subjectAltName === undefined || subjectAltName.includes('"')) return names;
  for (const one of subjectAltName.split(", ")) {
    const [, kind = "", value = ""] = /^([A-Za-z]+):([^,\\]{1,300})$/.exec(one) ?? [];
    const known = KINDS[kind];
    if (known !== undefined) names.push(`${known}:${known === "dns" ? value.toLowerCase() : value}`);
  }
  return names;
}
