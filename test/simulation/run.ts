import { parseArgs } from "node:util";
import { runHistory } from "./history.ts";

// npm run simulate -- --histories 100000 --seed 1     A violating seed replays with --histories 1 --seed <it>.
const { values } = parseArgs({
  options: {
    histories: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    /** Stop at the first violation (mutants do). */
    first: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    /** Primaries fail often. */
    storms: { type: "boolean", default: false },
  },
});
const histories = Number(values.histories);
const first = Number(values.seed);
const started = process.hrtime.bigint();
const violating: { seed: number; violations: readonly string[] }[] = [];
let steps = 0;
let ran = 0;
for (let seed = first; seed < first + histories; seed += 1) {
  const result = await runHistory(seed, values.storms);
  ran += 1;
  steps += result.steps;
  if (result.violations.length > 0) {
    violating.push({ seed, violations: result.violations });
    if (values.first) break;
  }
}
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
if (values.json)
  process.stdout.write(
    `${JSON.stringify({ histories: ran, violating: violating.length, first: violating[0] ?? null })}\n`,
  );
else {
  for (const { seed, violations } of violating.slice(0, 10))
    process.stdout.write(`seed ${seed}\n  ${violations.join("\n  ")}\n`);
  process.stdout.write(
    `${ran} histories from seed ${first}, ${steps} steps, ${violating.length} violating, ${seconds.toFixed(1)} s (${Math.round(ran / seconds)} histories/s)\n`,
  );
}
process.exitCode = violating.length > 0 ? 1 : 0;
