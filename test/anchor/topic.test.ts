import { expect, test } from "vitest";
import { join } from "node:path";
import { makeKey, readRotations, rotateKey } from "../../src/anchor/keys.ts";
import { createAnchorTopic } from "../../src/anchor/topic.ts";
import { readWritten } from "../../src/anchor/written.ts";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { Heads } from "../../src/ledger/anchor.ts";
import { verifyAnchors } from "../../src/ledger/anchor-chain.ts";
import type { Log } from "../../src/source/source.ts";
import { temporaryDirectory } from "../embedded.ts";

const AT = "2026-01-01T00:00:00.000Z";
const HEADS: Heads = {
  streams: [{ stream: "log/topic/0", seq: 1, hash: "ab".repeat(32), settledTo: 5n }],
  operator: null,
};

/** A topic that is a list, and a log that appends to it. */
function topic() {
  const keyFile = join(temporaryDirectory(), "anchor.key");
  const first = makeKey(keyFile)?.id ?? "";
  const records: { readonly key: string; readonly text: string }[] = [];
  let lostAnswers = 0;
  const append: Log["append"] = async (_, added) => {
    for (const { key, value } of added)
      records.push({ key: Buffer.from(key ?? []).toString(), text: Buffer.from(value ?? []).toString() });
    if (lostAnswers === 0) return [];
    lostAnswers -= 1;
    throw new Unavailable("LOG_UNREACHABLE", "the answer was lost", "wait");
  };
  const verify = async (texts: readonly string[], trusted = first) => {
    const lines = texts.map((text) => ({ text, whole: true }));
    const written = readWritten(keyFile).get("kafka:anchors") ?? null;
    const place = { name: "kafka:anchors", kind: "topic" as const, lines, written };
    return verifyAnchors([place], [trusted], await readRotations(keyFile));
  };
  return { keyFile, records, append, verify, loseAnswers: (count: number) => (lostAnswers = count) };
}

test("an anchor whose answer was lost is sent again to the byte, before the next one", async () => {
  const { keyFile, records, append, verify, loseAnswers } = topic();
  const writer = createAnchorTopic("anchors", append, keyFile);
  await writer.write(HEADS, AT);
  loseAnswers(2);
  await expect(writer.write(HEADS, AT)).rejects.toThrow("the answer was lost");
  await expect(writer.write(HEADS, AT)).rejects.toThrow("the answer was lost");
  await writer.write(HEADS, AT);
  const texts = records.map(({ text }) => text);
  expect([texts.length, new Set(texts).size]).toEqual([5, 3]);
  const { faults, ends } = await verify(texts);
  expect([faults, ends.map(({ counter }) => counter)]).toEqual([[], [2]]);
});

test("compaction keeps one anchor of each time that a gateway ran, which is verified across rotations", async () => {
  const { keyFile, records, append, verify } = topic();
  const before = createAnchorTopic("anchors", append, keyFile);
  await before.write(HEADS, AT);
  const rotated = await rotateKey(keyFile, AT);
  await before.write(HEADS, AT);
  const after = createAnchorTopic("anchors", append, keyFile);
  await after.write(HEADS, AT);
  await after.write(HEADS, AT);
  const left = [...new Map(records.map(({ key, text }) => [key, text])).values()];
  expect(left).toHaveLength(2);
  for (const trusted of [rotated.from, rotated.to]) {
    const { faults, ends } = await verify(left, trusted);
    expect([faults, ends.map(({ counter }) => counter)]).toEqual([[], [1, 1]]);
  }
});
