import { hash } from "node:crypto";

/** An id of the form that machine ids have: a hash, so that the order of ids is random, which is what an index feels. */
export function machineIdOf(subject: string | Uint8Array): string {
  const hex = hash("sha256", subject);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
