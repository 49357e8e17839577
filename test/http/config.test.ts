import { expect, test } from "vitest";
import { shownSettings } from "../../src/config/shown-setting.ts";
import { readConfig } from "../../src/config/config.ts";
import { get, startService } from "./service.ts";

test("GET /v1/config shows every setting with its origin, and no secret", async () => {
  const env = {
    SIGMA_MONGODB_URI: "mongodb://ann:s3cr3t@db.example:27017/?authSource=s3cr3t",
    SIGMA_KAFKA_BROKERS: "kafka.example:9092",
    SIGMA_KAFKA_SASL_MECHANISM: "PLAIN",
    SIGMA_KAFKA_SASL_USERNAME: "ann",
    SIGMA_KAFKA_SASL_PASSWORD: "s3cr3t",
  };
  const read = await readConfig({ flags: new Map(), env, file: null });
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  const { url } = await startService({ http: { settings: shownSettings(read.settings) } });
  const { status, body, text } = await get(`${url}/v1/config`);
  const settings = body["settings"] as { key: string; value: string; origin: string }[];
  expect([status, text.includes("s3cr3t")]).toEqual([200, false]);
  expect(settings.find(({ key }) => key === "mongodb.uri")).toMatchObject({
    value: "(secret)",
    origin: "environment SIGMA_MONGODB_URI",
  });
  expect(settings.find(({ key }) => key === "data.dir")).toMatchObject({ value: ".sigma/data", origin: "default" });
});
