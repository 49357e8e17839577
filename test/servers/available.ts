import { apicurioHome } from "./apicurio.ts";
import { run } from "./cache.ts";
import { kafkaJars } from "./kafka.ts";
import { mongodBinary } from "./mongodb.ts";
import { serializerLibrary } from "./serializer.ts";

const NEEDS_KAFKA = ["test/source/kafka/**"];
const NEEDS_MONGODB = ["test/store/mongodb/**"];
const NEEDS_BOTH = [
  "test/chaos/**",
  "test/e2e/distributed.test.ts",
  "test/e2e/migration.test.ts",
  "test/e2e/outages.test.ts",
  "test/cli/doctor-engines.test.ts",
];

const NEEDS_SERIALIZER = ["test/registry/serializer.test.ts"];
const NEEDS_REGISTRY = ["test/registry/apicurio.test.ts"];

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
  const serializer = has("client of a schema registry", "Python with pip", serializerLibrary);
  const registry = has("schema registry", "a JDK and Maven", apicurioHome);
  return [
    ...(serializer ? [] : NEEDS_SERIALIZER),
    ...(serializer && registry ? [] : NEEDS_REGISTRY),
    ...(kafka ? [] : NEEDS_KAFKA),
    ...(mongodb ? [] : NEEDS_MONGODB),
    ...(kafka && mongodb ? [] : NEEDS_BOTH),
  ];
}

function has(name: string, needs: string, bring: () => unknown): boolean {
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
