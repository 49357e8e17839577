import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BENTHOS, benthosProgram } from "./brought.ts";

const CONTRACT = join(import.meta.dirname, "../../contracts/shipment/v1.schema.json");

/** Benthos core with `benthos.yaml`. Its schema is the contract's, and has the contract's rule as a maximum, as the loops have it. */
export function startBenthos(
  go: string,
  folder: string,
  run: { readonly brokers: string; readonly topic: string; readonly mongodb: string; readonly database: string },
): ChildProcess {
  const schema = JSON.parse(readFileSync(CONTRACT, "utf8")) as {
    readonly properties: { readonly weight_kg: Record<string, unknown> };
  };
  schema.properties.weight_kg["maximum"] = 1000;
  const file = join(folder, "shipment.schema.json");
  writeFileSync(file, JSON.stringify(schema));
  return spawn(benthosProgram(go), ["run", join(BENTHOS, "benthos.yaml")], {
    env: {
      ...process.env,
      BROKERS: run.brokers,
      TOPIC: run.topic,
      MONGODB_URI: run.mongodb,
      DATABASE: run.database,
      SCHEMA: file,
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
}
