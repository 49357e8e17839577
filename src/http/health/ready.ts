import type { HttpDeps } from "../deps.ts";

/** Whether everything runs that this process decides, and that it moves to lanes. */
export function isReady({ gateway, routed }: Pick<HttpDeps, "gateway" | "routed">): boolean {
  return gateway.ready() && routed?.ready() !== false;
}
