import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { openArena } from "./arena.ts";
import { openFaultProxy, type Fault } from "./proxy.ts";
import { needKafka, needMongo } from "./servers.ts";

const SEED = 20_261_124;
/** Each with how long it lasts, at least. */
const FAULTS: readonly (readonly [Fault, number])[] = [
  [{ kind: "lost-replies" }, 300],
  [{ kind: "latency", delayMs: 200 }, 2_000],
  [{ kind: "black-hole" }, 1_500],
  [{ kind: "half-open" }, 3_000],
  [{ kind: "lost-replies" }, 1_000],
  [{ kind: "half-open" }, 200],
  [{ kind: "black-hole" }, 100],
  [{ kind: "lost-replies" }, 50],
];
/** Each of these has to lose something. */
const LOSING: readonly Fault["kind"][] = ["lost-replies", "black-hole"];
const SLICE = 1_500;

test("resets, lost replies, silence and latency between the workers and a standalone MongoDB lose and repeat nothing", async () => {
  const [kafka, mongo] = [await needKafka(), await needMongo(0)];
  const proxy = await openFaultProxy({ host: "127.0.0.1", port: mongo.ports[0] ?? 0 });
  onTestFinished(async () => proxy.close());
  const arena = await openArena({
    kafka,
    partitions: 2,
    workers: 2,
    seed: SEED,
    uri: `${mongo.uri}faults`,
    workerUri: `mongodb://127.0.0.1:${proxy.port}/faults?directConnection=true`,
  });
  for (const [fault, lastsMs] of FAULTS) {
    const writing = arena.journal.write(SLICE);
    await delay(arena.random.below(300));
    proxy.set(fault);
    const lost = proxy.lostBytes();
    await delay(lastsMs);
    if (LOSING.includes(fault.kind)) await until(() => proxy.lostBytes() > lost);
    proxy.set({ kind: "none" });
    await delay(arena.random.below(300));
    proxy.reset();
    await writing;
  }
  await arena.judge();
});
