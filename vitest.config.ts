import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig, type ViteUserConfigFnObject } from "vitest/config";
import { PATIENCE_MS } from "./test/patience.ts";
import { filesLeftOut, type Lane } from "./test/lanes.ts";
import { LongestFirst } from "./test/order.ts";

const LANES: readonly string[] = ["fast", "long", "servers"] satisfies readonly Lane[];

/** `--mode` chooses a lane of tests; without it all run. */
const config: ViteUserConfigFnObject = defineConfig(({ mode }) => ({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["node_modules/**", ...filesLeftOut(LANES.includes(mode) ? (mode as Lane) : null)],
    testTimeout: 2 * PATIENCE_MS,
    hookTimeout: 2 * PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS } },
    // Real processes, files and sockets: of three files on two cores one waits for a server most of the time.
    maxWorkers: 3,
    // Each file's process loads vitest, and many start others: compiled code is kept where the CLI keeps its own.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") },
    maxConcurrency: 2,
    sequence: { sequencer: LongestFirst },
    // No test replaces a module, so that files may share them: loading them for each file is a third of the fast lane's time.
    isolate: mode !== "fast",
    coverage: {
      include: ["src/core/**"],
      thresholds: { lines: 100, branches: 100 },
    },
  },
}));

export default config;
