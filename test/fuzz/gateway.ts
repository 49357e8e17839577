import { cpSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import type { SettingKey } from "../../src/config/settings.ts";
import { freezeContract } from "../../src/contract/commands.ts";
import { loadContractSet } from "../../src/app/contracts.ts";
import { createLogger } from "../../src/observe/log/logger.ts";
import { startService } from "../../src/app/service.ts";
import type { CompiledContractSet } from "../../src/core/compiled.ts";
import { writeFiles } from "../contract/contract-files.ts";
import { temporaryDirectory } from "../embedded.ts";
import { until } from "../patience.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** A gateway as `sigma start` makes it, in this process. */
export type FuzzedGateway = {
  readonly url: string;
  readonly port: number;
  /** Records in the log, of all partitions. */
  readonly appended: () => Promise<bigint>;
  readonly heldBytes: () => Promise<number>;
  readonly isReady: () => Promise<boolean>;
  readonly contracts: CompiledContractSet;
  /** Lines of the log that speak of a bug. */
  readonly bugs: readonly string[];
};

export const SHIPMENTS = "shipments";
/** Its contract is open: any JSON object with an id passes. */
export const ANYTHING = "anything";

const SOURCES = `sources:
  - {topic: ${SHIPMENTS}, subject: shipment, default: 1}
  - {topic: ${ANYTHING}, subject: anything, default: 1, partitions: 3}
limits: {record_bytes: 65536}
`;
const OPEN = {
  "anything/v1.schema.json": `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["id"],
  "properties": { "id": { "type": "string" } }
}
`,
  "anything/fixtures/v1/pass/least.json": '{"id":""}',
  "anything/fixtures/v1/fail/id-missing.json": "{}",
  "anything/contract.yaml": `subject: anything
owner: team@example.com
description: Whatever comes
collection: anything
identity: [/id]
versions:
  1:
    status: active
    schema: v1.schema.json
`,
};

export async function startFuzzedGateway(): Promise<FuzzedGateway> {
  const directory = temporaryDirectory();
  cpSync(join(ROOT, "contracts"), join(directory, "contracts"), { recursive: true });
  writeFiles(join(directory, "contracts"), OPEN);
  const frozen = await freezeContract(join(directory, "contracts"), "anything", 1);
  if (!frozen.ok) throw new Error(JSON.stringify(frozen.faults));
  const file = join(directory, "sigma.yaml");
  writeFileSync(file, SOURCES);
  const flags: readonly (readonly [SettingKey, string])[] = [
    ["data.dir", join(directory, "data")],
    ["contracts.dir", join(directory, "contracts")],
    ["http.port", "0"],
  ];
  const read = await readConfig({ flags: new Map(flags), env: {}, file });
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  const contracts = await loadContractSet(read.config);
  if (!contracts.ok) throw new Error(JSON.stringify(contracts.faults));
  const bugs: string[] = [];
  const destination = { write: (line: string) => void bugs.push(line) };
  const logger = createLogger({ level: "error", format: "json", destination, pid: process.pid });
  const service = await startService(read.config, contracts, logger, "0.0.0-test", () => undefined);
  onTestFinished(service.stop);
  const { log, gateway } = service.pipeline;
  // It listens before it has taken its streams up.
  await until(() => gateway.ready());
  return {
    url: service.url,
    port: Number(new URL(service.url).port),
    bugs,
    contracts: contracts.set,
    isReady: async () => gateway.ready(),
    appended: async () => {
      const ends = (await log.streams()).map(async (stream) => (await log.bounds(stream)).end);
      return (await Promise.all(ends)).reduce((sum, end) => sum + end, 0n);
    },
    heldBytes: async () => {
      const text = await (await fetch(`${service.url}/metrics`)).text();
      return Number(/^sigma_http_held_bytes (\d+)$/m.exec(text)?.[1]);
    },
  };
}
