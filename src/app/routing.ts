import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { KafkaConfig } from "../config/kafka-config.ts";
import { readKafkaCredentials } from "../config/kafka-credentials.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import type { ContractsEvent } from "../gateway/event.ts";
import type { RouterEvent } from "../lanes/event.ts";
import type { Router } from "../lanes/router.ts";
import { CLOCK } from "./clock.ts";
import type { LoadedContracts } from "./contracts.ts";
import type { Deciding } from "./deciding.ts";
import { FETCH_WAIT_MS } from "./logs.ts";

/** What a router needs of the process that runs it. */
export type RoutingDeps = Pick<Deciding, "learnSchemaIds"> & {
  readonly contracts: () => CompiledContractSet;
  readonly observe: (event: RouterEvent) => void;
};

/** The group whose committed offsets say what was moved. Only routers are its members. */
export function routerGroup({ group }: Pick<KafkaConfig, "group">): string {
  return `${group}.router`;
}

/** A router with contracts of its own: for a process that does nothing else. */
export async function startRouterAlone(
  config: Config,
  first: LoadedContracts,
  observe: RoutingDeps["observe"],
  observeContracts: (event: ContractsEvent) => void,
): Promise<Router | null> {
  const { holdContracts } = await import("../contract/live-contracts.ts");
  const { openLookup } = await import("./deciding.ts");
  const { followFiles } = await import("./following.ts");
  const contracts = holdContracts(first);
  const lookup = await openLookup(config, contracts, observeContracts);
  const learning = lookup === null ? {} : { learnSchemaIds: lookup.learnSchemaIds };
  const router = await startRouting(config, { ...learning, contracts: contracts.current, observe });
  if (router === null) return null;
  const following = followFiles(config, contracts, first.seen, { lookup, shadow: null, observe: observeContracts });
  const stop = async (): Promise<void> => void (await Promise.all([router.stop(), following.close()]));
  return { ...router, stop };
}

/** Starts to move records to lanes; null where no source has lanes. `stop` ends behind the batches in flight and closes everything. */
export async function startRouting(config: Config, deps: RoutingDeps): Promise<Router | null> {
  const { kafka, routes, batch } = config;
  if (kafka === null || routes.length === 0) return null;
  const { openKafkaSource } = await import("../source/kafka/source.ts");
  const { createMovers } = await import("../source/kafka/mover.ts");
  const { startRouter } = await import("../lanes/router.ts");
  const { backoffMs } = await import("../gateway/ingest.ts");
  const connection = readKafkaCredentials(kafka);
  const groupId = routerGroup(kafka);
  const { instanceId, sessionTimeoutMs, acceptCompacted } = kafka;
  const source = await openKafkaSource({
    connection,
    topics: routes.map(({ source: { topic } }) => topic),
    alsoNeeded: routes.flatMap(({ lanes }) => lanes.map(({ topic }) => topic)),
    group: { groupId, instanceId, sessionTimeoutMs },
    acceptCompacted,
    fetchWaitMs: FETCH_WAIT_MS,
  });
  const lanesOf = new Map(routes.map((route) => [route.source.topic, route.lanes.map(({ topic }) => topic)]));
  const movers = createMovers(connection, groupId, (topic) => lanesOf.get(topic) ?? []);
  const close = async (): Promise<void> => void (await Promise.all([source.close(), movers.close()]));
  try {
    const router = await startRouter({
      ...deps,
      source,
      openMover: movers.open,
      routes: routes.map(({ source: { topic }, lanes }) => ({ topic, lanes })),
      limits: { ...batch, waitMs: FETCH_WAIT_MS },
      backoffMs: (attempt) => backoffMs(attempt, Math.random()),
      monotonicMs: CLOCK.monotonicMs,
      sleep,
    });
    const stop = async (): Promise<void> => {
      try {
        await router.stop();
      } finally {
        await close();
      }
    };
    return { ...router, stop };
  } catch (error) {
    await close();
    throw error;
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  // The delay rejects only when the signal aborts, which ends the sleep too.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
