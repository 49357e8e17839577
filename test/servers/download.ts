import { kafkaJars } from "./kafka.ts";
import { mongodBinary } from "./mongodb.ts";

/**
 * Runs before all tests: brings the servers that are not in the cache yet, so that no test waits for a download. In CI a
 * server that cannot be brought is a failure; elsewhere its tests will say that they are skipped.
 */
export function setup(): void {
  for (const [name, bring] of [
    ["Kafka", kafkaJars],
    ["MongoDB", mongodBinary],
  ] as const) {
    try {
      bring();
    } catch (error) {
      if (process.env["CI"] !== undefined) throw error;
      const why = error instanceof Error ? error.message.split("\n", 1)[0] : "";
      process.stderr.write(`SKIPPED: the tests on a real ${name}, which cannot be brought here: ${why}\n`);
    }
  }
}
