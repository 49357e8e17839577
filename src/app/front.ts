import type { Config } from "../config/config.ts";
import type { ContractsEvent } from "../gateway/event.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Log, Source } from "../source/source.ts";
import type { Store } from "../store/store.ts";
import type { LoadedContracts } from "./contracts.ts";
import { openLookup } from "./deciding.ts";
import { diagnoseToo } from "./diagnosing.ts";
import { openEngine, type Engine } from "./engine.ts";
import { followFiles } from "./following.ts";
import { countObjectives } from "./objectives.ts";
import { guarded, type Pipeline, type Telling } from "./pipeline.ts";
import { retentionTerms } from "./retaining.ts";

// What the roles work with that decide nothing themselves: it has the shape of a pipeline, so that one HTTP server serves every role.

/** The gateway of a process that decides nothing, and knows no process that does. */
export function idleGateway(): Gateway {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  return {
    streams: () => [],
    ready: () => true,
    settled: async () => false,
    inFlightBytes: () => 0,
    stop: async () => resolve(),
    done,
  };
}

/**
 * Opens log and store without a place in the consumer group: what is appended, other processes decide.
 * @param start gives what is known of those processes, once log and store are open.
 * @param tell null: no language model is asked.
 */
export async function openFront(
  config: Config,
  first: LoadedContracts,
  start: () => Gateway,
  observe: (event: ContractsEvent) => void,
  tell: Pick<Telling, "diagnosed"> | null = null,
): Promise<Pipeline> {
  const collections = [...new Set([...first.set.bySubject.values()].map(({ collection }) => collection))];
  const engine = await openEngine(config, collections, "operate");
  const gateway = start();
  const { log, ends } = await guarded(config, engine, gateway);
  return openAround(config, first, { ...engine, log }, gateway, observe, tell, ends.close);
}

/** Opens log and store to read only. */
export async function openReading(
  config: Config,
  first: LoadedContracts,
  observe: (event: ContractsEvent) => void,
): Promise<Pipeline> {
  return openAround(config, first, await openEngine(config, [], "read"), idleGateway(), observe, null);
}

/** Opens neither log nor store: verdicts need the contracts alone, and a router has a source of its own. */
export async function openWithoutEngine(
  config: Config,
  first: LoadedContracts,
  observe: (event: ContractsEvent) => void,
): Promise<Pipeline> {
  const log = nowhere<Log & Source>("log", { topics: () => config.sources.map(({ topic }) => topic) });
  const engine = { log, store: nowhere<Store>("store"), close: async () => undefined };
  return openAround({ ...config, objectives: [] }, first, engine, idleGateway(), observe, null);
}

async function openAround(
  config: Config,
  first: LoadedContracts,
  engine: Engine,
  gateway: Gateway,
  observe: (event: ContractsEvent) => void,
  tell: Pick<Telling, "diagnosed"> | null,
  closeLast: () => Promise<void> = async () => undefined,
): Promise<Pipeline> {
  try {
    const { holdContracts } = await import("../contract/live-contracts.ts");
    const contracts = holdContracts(first);
    const lookup = await openLookup(config, contracts, observe);
    const silent = { observe: () => undefined, close: async () => undefined };
    const { diagnosis, ...asked } = await diagnoseToo(config, engine.store, contracts.current, silent, tell);
    // It never begins to count: who decides does.
    const { objectives } = await countObjectives(config, engine.store, silent);
    const following = followFiles(config, contracts, first.seen, { lookup, shadow: null, observe });
    const terms = retentionTerms(config.retention);
    return {
      ...engine,
      contracts,
      refusedContracts: following.refused,
      gateway,
      deciding: lookup === null ? {} : { learnSchemaIds: lookup.learnSchemaIds },
      observeHeads: () => undefined,
      shadow: null,
      pool: null,
      diagnosis,
      retaining: { state: () => terms },
      objectives,
      stop: async () => {
        try {
          await following.close();
          await gateway.stop();
          await asked.close();
          await closeLast();
        } finally {
          await engine.close();
        }
      },
    };
  } catch (error) {
    await gateway.stop();
    await engine.close();
    throw error;
  }
}

/** Stands for a port that a role has no use for, but for some of its members: whoever asks another one is a bug. */
function nowhere<Port extends object>(name: string, members: Partial<Port> = {}): Port {
  const ask = (): never => {
    throw new Error(`Cannot ask the ${name}: a process of this role has none`);
  };
  const known: Readonly<Record<string | symbol, unknown>> = { ...members };
  return new Proxy(ask, { get: (_, member): unknown => known[member] ?? nowhere<Port>(name) }) as unknown as Port;
}
