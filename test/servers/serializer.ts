import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, run } from "./cache.ts";

// Versions that were tried together; hashes are pip's to check against the index.
const REQUIREMENTS = "confluent-kafka[json,schemaregistry]==2.16.0\n";

const PROGRAM = `
import json, sys
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.serialization import SerializationContext, MessageField
asked = json.load(sys.stdin)
client = SchemaRegistryClient({"url": asked["url"]})
serializer = JSONSerializer(asked["schema"], client, conf=asked["conf"])
context = SerializationContext(asked["topic"], MessageField.VALUE)
for payload in asked["payloads"]:
    print(serializer(payload, context).hex())
`;

/** What Confluent's own Python client needs, in a folder of its own. @throws when there is no Python or no index. */
export function serializerLibrary(): string {
  const directory = cached("confluent-kafka-2.16.0", (folder) => {
    const library = join(folder, "library");
    mkdirSync(library);
    writeFileSync(join(folder, "requirements.txt"), REQUIREMENTS);
    writeFileSync(join(folder, "serialize.py"), PROGRAM);
    const flags = ["--only-binary=:all:", "--no-warn-script-location", "-q"];
    run("python3", ["-m", "pip", "install", ...flags, "--target", library, "-r", join(folder, "requirements.txt")]);
  });
  run("python3", ["-c", "import confluent_kafka.schema_registry.json_schema"], join(directory, "library"));
  return directory;
}

/** How the serializer is used. `schema`: JSON text, as an application would have it. */
type Serialization = {
  readonly url: string;
  readonly topic: string;
  readonly schema: string | null;
  readonly conf: Readonly<Record<string, boolean>>;
  readonly payloads: readonly unknown[];
};

/** @returns the bytes that the client library makes of the payloads. @throws with its own words when it does not. */
export async function serialize(asked: Serialization): Promise<readonly Buffer[]> {
  const directory = serializerLibrary();
  const env = { ...process.env, PYTHONPATH: join(directory, "library") };
  const child = spawn("python3", [join(directory, "serialize.py")], { env, stdio: ["pipe", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name].on("data", (chunk) => (texts[name] += String(chunk)));
  child.stdin.end(JSON.stringify(asked));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(texts.stderr.trim().split("\n").at(-1));
  return texts.stdout
    .trim()
    .split("\n")
    .map((hex) => Buffer.from(hex, "hex"));
}
