import { defineConfig } from "vitest/config";
import { filesWithoutServers } from "./test/servers/available.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["node_modules/**", ...filesWithoutServers()],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Only who waits in vain waits so long.
    expect: { poll: { timeout: 30_000 } },
    // Real processes, files and sockets: two at a time is what a small machine bears.
    maxWorkers: 2,
    maxConcurrency: 2,
    coverage: {
      include: ["src/core/**"],
      thresholds: { lines: 100, branches: 100 },
    },
  },
});
