import { Unavailable } from "../../core/unavailable.ts";
import type { MongoTarget } from "./mongodb-target.ts";

/** @throws `Unavailable` when gateways are connected to the server, unless the operator said that they use other databases. */
export async function refuseWhileConnected({
  connected,
  othersElsewhere,
}: Pick<MongoTarget, "connected" | "othersElsewhere">): Promise<void> {
  const from = await connected();
  if (othersElsewhere || from === null || from.length === 0) return;
  throw new Unavailable(
    "STORE_LOCKED",
    `Cannot migrate the store: gateways are connected to its server, from ${from.join(", ")}`,
    "stop them first; where they work on other databases, add --others-elsewhere; nothing was changed",
  );
}
