import { run } from "./cache.ts";
import { kafkaJars } from "./kafka.ts";
import { mongodBinary } from "./mongodb.ts";

const NEEDS_KAFKA = ["test/source/kafka/**"];
const NEEDS_MONGODB = ["test/store/mongodb/**"];
const NEEDS_BOTH = [
  "test/chaos/**",
  "test/e2e/distributed.test.ts",
  "test/e2e/migration.test.ts",
  "test/e2e/outages.test.ts",
  "test/cli/doctor-engines.test.ts",
];

/**
 * Brings the real servers that the tests start, and names the test files that have to be left out because one of them
 * cannot be had on this machine, which is said loudly. In CI that is a failure.
 */
export function filesWithoutServers(): readonly string[] {
  const kafka = has("Kafka", "a JDK and Maven", () => {
    run("java", ["-version"]);
    kafkaJars();
  });
  const mongodb = has("MongoDB", "Linux on x86-64 and Python with pip", () => {
    if (process.platform !== "linux" || process.arch !== "x64") throw new Error("there is no mongod for this machine");
    run(mongodBinary(), ["--version"]);
  });
  return [...(kafka ? [] : NEEDS_KAFKA), ...(mongodb ? [] : NEEDS_MONGODB), ...(kafka && mongodb ? [] : NEEDS_BOTH)];
}

function has(name: string, needs: string, bring: () => void): boolean {
  try {
    bring();
    return true;
  } catch (error) {
    if (process.env["CI"] !== undefined) throw error;
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : "";
    process.stderr.write(`SKIPPED: every test on a real ${name}. It needs ${needs}: ${why}\n`);
    return false;
  }
}
