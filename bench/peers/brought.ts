import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "../../test/servers/cache.ts";

// The peers' libraries, fetched once from their registries. Versions that were measured together.

/** A folder for PYTHONPATH. @throws without Python, pip or an index. */
export function pythonLibraries(): string {
  return cached("peers-python-1", (folder) => {
    const packages = ["confluent-kafka==2.16.0", "pydantic==2.14.4", "pymongo==4.20.1"];
    run("python3", ["-m", "pip", "install", "-q", "--only-binary=:all:", "--target", folder, ...packages]);
  });
}

/** A folder with `node_modules`. @throws without npm or a registry. */
export function nodeLibraries(): string {
  return cached("peers-node-1", (folder) => {
    writeFileSync(join(folder, "package.json"), '{"private":true}');
    run("npm", ["install", "--silent", "--ignore-scripts", "kafkajs@2.2.4", "ajv@8.20.0", "mongodb@7.9.0"], folder);
  });
}

/** A folder of jars: Kafka Connect and MongoDB's sink. @throws without Maven or a network. */
export function connectJars(): string {
  return cached("peers-connect-1", (folder) => {
    run("mvn", ["-q", "-B", "-ntp", "-f", join(import.meta.dirname, "pom.xml"), `-Djars=${folder}`, "package"]);
  });
}
