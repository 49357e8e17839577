import { randomBytes } from "node:crypto";
import { CLOCK } from "../src/app/clock.ts";
import type { CompiledContractSet } from "../src/core/compiled.ts";
import { startGateway, type Gateway, type GatewayDeps } from "../src/gateway/gateway.ts";
import { openEmbeddedLog } from "../src/source/embedded/log.ts";
import type { Source } from "../src/source/source.ts";
import type { Store } from "../src/store/store.ts";

/** An embedded log of one topic. */
export function openLog(path: string, topic: string, partitions = 1): ReturnType<typeof openEmbeddedLog> {
  const topics = [{ name: topic, partitions }];
  return openEmbeddedLog({ path, topics, now: Date.now, randomBytes, busyTimeoutMs: 1_000 });
}

/** A gateway that settles at most `recordsMax` records at a time; nobody is told, unless `changes` says otherwise. */
export async function startOn(
  source: Source,
  store: Store,
  set: CompiledContractSet,
  recordsMax: number,
  changes: Partial<GatewayDeps> = {},
): Promise<Gateway> {
  return startGateway({
    source,
    store,
    contracts: () => set,
    limits: { bytesMax: 1_048_576, recordsMax, waitMs: 500 },
    observe: () => undefined,
    sleep: async (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    clock: CLOCK,
    random: Math.random,
    ...changes,
  });
}
