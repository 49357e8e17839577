import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

// npm run fuzz -- [--seconds N] [--seed S] [NAME...]: each test of random input for N seconds, of those files whose names hold NAME.

const { values, positionals } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } },
  allowPositionals: true,
});
const ROOT = resolve(import.meta.dirname, "../..");
const files = positionals.length === 0 ? ["test/fuzz/"] : positionals.map((name) => `test/fuzz/${name}`);
const env = {
  ...process.env,
  FUZZ_SECONDS: values.seconds,
  ...(values.seed === undefined ? {} : { FUZZ_SEED: values.seed }),
};
const vitest = resolve(ROOT, "node_modules/vitest/vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", ...files], { cwd: ROOT, env, stdio: "inherit" });
process.exitCode = status ?? 1;
