import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig, type ViteUserConfigFnObject } from "vitest/config";
import { PATIENCE_MS } from "./test/patience.ts";
import { filesLeftOut, type Lane } from "./test/lanes.ts";
import { LongestFirst } from "./test/order.ts";

const LANES = ["fast", "long", "servers"] as const satisfies readonly Lane[];

/** No test replaces a module, so that files may share them: loading them for each file is a third of the fast lane's time. */
const SHARES_MODULES: readonly Lane[] = ["fast"];

function isLane(mode: string): mode is Lane {
  return LANES.some((lane) => lane === mode);
}

function laneAlone(lane: Lane) {
  return {
    include: ["test/**/*.test.ts"],
    exclude: ["node_modules/**", ...filesLeftOut(lane)],
    isolate: !SHARES_MODULES.includes(lane),
  };
}

/** `--mode` chooses a lane of tests; without it all run. */
const config: ViteUserConfigFnObject = defineConfig(({ mode }) => ({
  test: {
    ...(isLane(mode)
      ? laneAlone(mode)
      : { projects: LANES.map((lane) => ({ extends: true, test: { name: lane, ...laneAlone(lane) } })) }),
    // Only what hangs takes so long: each wait inside of a test has its own end, and one that begins a dozen programs may take minutes.
    testTimeout: 5 * PATIENCE_MS,
    hookTimeout: 5 * PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS, interval: 100 } },
    // Real processes, files and sockets: of four files on two cores two wait for a server most of the time.
    maxWorkers: 4,
    // Each file's process loads vitest, and many start others: compiled code is kept where the CLI keeps its own.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") },
    maxConcurrency: 2,
    sequence: { sequencer: LongestFirst },
    coverage: {
      include: ["src/core/**"],
      thresholds: { lines: 100, branches: 100 },
    },
  },
}));

export default config;
