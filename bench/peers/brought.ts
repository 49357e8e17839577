import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cached, run } from "../../test/servers/cache.ts";

// The peers' libraries, fetched once from their registries. Versions that were measured together.

/** The folder of the Go program, and its configuration. */
export const BENTHOS: string = join(import.meta.dirname, "benthos");
const BENTHOS_SOURCES = ["main.go", "kafka.go", "mongodb.go", "go.mod", "go.sum"];

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

/** The `go` on the path, or where Go's own instructions put it; null without one. */
export function goCommand(): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/go/bin"];
  return folders.map((folder) => join(folder, "go")).find(existsSync) ?? null;
}

/** A program of Benthos core and our two components, built again when its sources change. @throws without a network or a Go as new as go.mod's. */
export function benthosProgram(go: string): string {
  const digest = createHash("sha256");
  for (const name of BENTHOS_SOURCES) digest.update(readFileSync(join(BENTHOS, name)));
  const folder = cached(`peers-benthos-${digest.digest("hex").slice(0, 12)}`, (making) => {
    run(go, ["build", "-buildvcs=false", "-o", join(making, "benthos"), "."], BENTHOS);
  });
  return join(folder, "benthos");
}
