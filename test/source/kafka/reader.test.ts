import { expect, onTestFinished, test } from "vitest";
import { openKafkaSource } from "../../../src/source/kafka/source.ts";
import { pageBytes } from "../../../src/source/kafka/reader.ts";
import { createTopic, kafkaForFile } from "../../servers/kafka-for-tests.ts";
import { PATIENCE_MS } from "../../patience.ts";
import { lawOptions } from "./law-options.ts";

const kafka = kafkaForFile();
const NEVER = new AbortController().signal;

test("a page is as large as a batch, by the size of the records before, and at least 256 KiB and at most 8 MiB", () => {
  const sizes = { recordsMax: 3_000, bytesMax: 1_048_576 };
  expect(pageBytes(sizes, 0)).toBe(262_144);
  expect(pageBytes(sizes, 20)).toBe(262_144);
  expect(pageBytes(sizes, 100)).toBe(300_000);
  expect(pageBytes(sizes, 16_384)).toBe(1_048_576);
  expect(pageBytes({ recordsMax: 3_000, bytesMax: 1_024 }, 100)).toBe(262_144);
  expect(pageBytes({ recordsMax: 1e6, bytesMax: 1e9 }, 16_384)).toBe(8_388_608);
});

test("batches reach the limit of their bytes, though a producer wrote smaller ones, and lose and repeat nothing", async () => {
  const { brokers } = kafka.server();
  await createTopic(brokers, "pages", 1);
  const source = await openKafkaSource({ ...lawOptions(brokers), topics: ["pages"] });
  onTestFinished(source.close);
  const texts = Array.from({ length: 2_000 }, (_, n) => `${n} ${"x".repeat(1_000)}`);
  for (let from = 0; from < texts.length; from += 50) {
    const values = texts.slice(from, from + 50);
    await source.append(
      "pages",
      values.map((text) => ({ key: null, headers: [], value: Buffer.from(text), partition: 0 })),
    );
  }
  const [stream] = await source.streams();
  if (stream === undefined) throw new Error("there is no stream");
  const limits = { recordsMax: 3_000, bytesMax: 600_000, waitMs: PATIENCE_MS };
  const found: string[] = [];
  const sizes: number[] = [];
  while (found.length < texts.length) {
    const fetched = await source.fetch(stream, BigInt(found.length), limits, NEVER);
    if (fetched.kind !== "records") throw new Error("there are no records");
    found.push(...fetched.read().map(({ value }) => String(value)));
    sizes.push(fetched.bytes);
    expect(fetched.bytes).toBeLessThanOrEqual(limits.bytesMax);
  }
  expect(found).toEqual(texts);
  // The first page is of 256 KiB, since nothing is known of the records yet; the last is what is left.
  expect(Math.min(...sizes.slice(1, -1))).toBeGreaterThan(limits.bytesMax * 0.85);
});
