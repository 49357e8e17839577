import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../embedded.ts";
import { createTopic } from "../servers/kafka-for-tests.ts";
import { engines, Program, shipmentText } from "./engines.ts";
import { readTold } from "./told.ts";

const { kafka, mongo } = engines();

/** The repository's contracts, with version 1 on its way out. */
function contractsWithDeprecated(): string {
  const directory = join(temporaryDirectory(), "contracts");
  cpSync(resolve(import.meta.dirname, "../../contracts"), directory, { recursive: true });
  const file = join(directory, "shipment/contract.yaml");
  const text = readFileSync(file, "utf8");
  const deprecated = "  1:\n    status: deprecated\n    deprecated: 2026-11-01\n    sunset: 2027-01-31\n";
  expect(text).toContain("  1:\n    status: active\n");
  writeFileSync(file, text.replace("  1:\n    status: active\n", deprecated));
  return directory;
}

test("a producer of a deprecated version is told so on the advisory topic, once", async () => {
  const { brokers } = kafka();
  const [topic, advisories] = ["migration", "migration.advisories"];
  await createTopic(brokers, topic, 1);
  const uri = mongo().uri.replace("/?", "/migration?");
  const program = new Program(brokers, uri, topic, {
    SIGMA_CONTRACTS_DIR: contractsWithDeprecated(),
    SIGMA_KAFKA_ADVISORY_TOPIC: advisories,
  });
  const refused = await program.run("start", "--port", "0");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`topic "${advisories}"`) as string]);
  await createTopic(brokers, advisories, 1);
  const gateway = await program.start();
  const send = async (id: string): Promise<number> => {
    const response = await fetch(`${gateway.url}/v1/events/${topic}`, {
      method: "POST",
      headers: { "content-type": "application/json", "sigma-producer": "svc-a", prefer: "wait=30" },
      body: shipmentText(id),
    });
    return response.status;
  };
  expect([await send("A"), await send("B")]).toEqual([200, 200]);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  const [told, ...more] = await readTold(brokers, advisories);
  expect(more).toEqual([]);
  expect(JSON.parse(told?.text ?? "")).toMatchObject({
    contract: "shipment@1",
    producer: "svc-a",
    sunset: "2027-01-31",
  });
  expect([told?.headers.get("ce_type"), told?.headers.get("ce_deprecated")]).toEqual([
    "sigma.contract.deprecated.v1",
    "true",
  ]);
});
