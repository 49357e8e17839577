import { defineConfig } from "vitest/config";
import { filesWithoutServers } from "./test/servers/available.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["node_modules/**", ...filesWithoutServers()],
    testTimeout: 30_000,
    // Real processes, files and sockets: two at a time is what a small machine bears.
    maxWorkers: 2,
    maxConcurrency: 2,
    coverage: {
      include: ["src/core/**"],
      thresholds: { lines: 100, branches: 100 },
    },
  },
});
