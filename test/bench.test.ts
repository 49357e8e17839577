import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";

const BENCH = resolve(import.meta.dirname, "../bench");

/**
 * The programs that need nothing but this repository, with sizes so small that all of them take some 20 s of CPU: enough to see that they
 * still run, which nobody else does for months, and no measurement.
 */
const SMALL: Readonly<Record<string, string>> = {
  "audit.ts": "3000 1",
  "console-api.ts": "1000 1",
  "decide.ts": "1",
  "embedded-parts.ts": "1000 1",
  "embedded.ts": "1000 1",
  "engines.ts": "1",
  "failures.ts": "sqlite 3000 1",
  "formats.ts": "1",
  "growth.ts": "sqlite 6000 2",
  "hot-keys.ts": "0.1",
  "live.ts": "200 1 1 1",
  "many-contracts.ts": "1 20",
  "observers.ts": "1000 1",
  "payload.ts": "1",
  "plan-memory.ts": "5000 10",
  "redrive.ts": "sqlite 500 1",
  "replays.ts": "1000 sqlite",
  "rules.ts": "1 400",
  "scrape.ts": "2 1 1",
  "shadow.ts": "100 1",
  "stages.ts": "1024 1",
  "swap.ts": "1 0.4",
  "verdicts.ts": "1",
  "what-if.ts": "1000 1",
};

/**
 * Left out, with what they need: a broker and a database cost more than all of the above together, and so do the MongoDB sides of those
 * that have two. Who changes what they measure runs them by hand.
 */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "capacity-check.ts": "Kafka and MongoDB",
  "capacity.ts": "Kafka and MongoDB",
  "lanes.ts": "Kafka and MongoDB",
  "latency.ts": "Kafka and MongoDB",
  "lighthouse.ts": "Lighthouse, a browser and a built console",
  "long.ts": "Kafka and MongoDB",
  "mongod.ts": "MongoDB",
  "outage.ts": "Kafka and MongoDB",
  "peers.ts": "Kafka, MongoDB and the peers",
  "pictures.ts": "a browser and a built console",
  "pipeline.ts": "Kafka and MongoDB",
  "post.ts": "a server; bench/embedded.ts starts it",
  "redo.ts": "MongoDB",
  "resident.ts": "Kafka and MongoDB",
  "seed.ts": "Kafka, MongoDB and Python with packages",
  "shares.ts": "Kafka and MongoDB",
  "slow-store.ts": "Kafka and MongoDB",
  "workers.ts": "Kafka and MongoDB",
};

describe("a benchmark", () => {
  test("is run here, or says why not", () => {
    const programs = readdirSync(BENCH).filter((name) => isProgram(name));
    expect([...Object.keys(SMALL), ...Object.keys(LEFT_OUT)].toSorted()).toEqual(programs.toSorted());
  });

  // The context's own onTestFinished: the global one takes whichever of the concurrent tests began last, whose end would kill this child.
  test.concurrent.for(Object.entries(SMALL))("runs to its end: %s %s", async ([name, sizes], { onTestFinished }) => {
    const child = spawn(process.execPath, [join(BENCH, name), ...sizes.split(" ")], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [stdout, stderr, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null, string | null]>,
    ]);
    expect(stderr).toBe("");
    // One of them ends with 1 where an answer is late, as on a busy machine.
    expect(name === "console-api.ts" ? [0, 1] : [0]).toContain(signal ?? code);
    expect(stdout).toMatch(/\d.*\n/);
    expect(stdout).not.toMatch(/\b(?:NaN|Infinity|undefined)\b/);
  });
});

describe("an argument that is wrong", () => {
  const HEAD: Readonly<Record<string, string>> = {
    "replays.ts abc": '"abc" is not a whole number from 1; node bench/replays.ts [records] [both | mongodb | sqlite]',
    "replays.ts 10 postgres":
      '"postgres" is not one of both, mongodb, sqlite; node bench/replays.ts [records] [both | mongodb | sqlite]',
    "decide.ts 1 2": '"2" is one argument too many; node bench/decide.ts [rounds]',
    "post.ts": "a text as ^https?: is missing; node bench/post.ts URL RECORDS",
    "long.ts --failing 2":
      '"2" is not a number from 0 to 1; node bench/long.ts [--records 10000000] [--parts 10] [--bytes 85] [--failing 0.1] [--workers 1] [--partitions 6] [--eviction default]',
    "capacity.ts --bytes 85":
      "Unknown option '--bytes'; node bench/capacity.ts [--out costs.json] [--turns 3] [--turn 100000]",
  };

  test.concurrent.for(Object.entries(HEAD))(
    "ends a benchmark with one line and 2: %s",
    async ([line, told], context) => {
      const [name = "", ...given] = line.split(" ");
      const child = spawn(process.execPath, [join(BENCH, name), ...given], { stdio: ["ignore", "ignore", "pipe"] });
      context.onTestFinished(() => void child.kill("SIGKILL"));
      const [stderr, ended] = await Promise.all([text(child.stderr), once(child, "close")]);
      expect([stderr, ended]).toEqual([`Cannot run bench/${name}: ${told}\n`, [2, null]]);
    },
  );

  test("is judged the same way in every benchmark", () => {
    const programs = readdirSync(BENCH).filter((name) => isProgram(name));
    const own = programs.filter((name) => !readFileSync(join(BENCH, name), "utf8").includes('"./arguments.ts"'));
    expect(own).toEqual([]);
  });
});

/** A program says in its head how it is started; the rest is part of others. */
function isProgram(name: string): boolean {
  if (!name.endsWith(".ts")) return false;
  return new RegExp(`^// .*\\bnode .*bench/${name}`, "m").test(readFileSync(join(BENCH, name), "utf8"));
}
