import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createAnchorFile } from "../../src/anchor/file.ts";
import { rotateKey } from "../../src/anchor/keys.ts";
import { NOTHING_KEPT } from "../../src/audit/anchors.ts";
import { acceptLog } from "../../src/gateway/operate.ts";
import { openEmbedded, shipment } from "../embedded.ts";
import { OPERATOR, openAnchored, runAnchored, verified, auditOf, codesOf, linesOf, history } from "./anchored.ts";

describe("an honest history is not accused", () => {
  test("of several runs of a gateway", async () => {
    const anchored = await history();
    const report = await auditOf(anchored);
    expect(codesOf(report)).toEqual([]);
    expect(report.anchored).toBeGreaterThan(2);
    expect(report.operatorHead?.seq).toBe(1);
  });

  test("that a crash broke off in the middle of a line, before and after the gateway went on", async () => {
    const anchored = await history();
    const [last = ""] = linesOf(anchored).slice(-1);
    appendFileSync(anchored.anchorFile, last.slice(0, 100));
    const torn = await verified(anchored, [anchored.keyId]);
    expect([torn.faults, torn.torn]).toEqual([[], [anchored.anchorFile]]);
    await anchored.run(shipment("X"));
    expect(codesOf(await auditOf(anchored))).toEqual([]);
  });

  test("whose crash came between an anchor and the note of it, and where no note can be kept", async () => {
    const anchored = await history();
    rmSync(`${anchored.keyFile}.written`, { recursive: true });
    writeFileSync(`${anchored.keyFile}.written`, "in the way");
    const events = await anchored.run(shipment("X"));
    expect(events).toContainEqual({
      kind: "anchored",
      place: anchored.anchorFile,
      remark: expect.stringContaining("cannot keep beside the key") as string,
    });
    rmSync(`${anchored.keyFile}.written`);
    expect(codesOf(await auditOf(anchored))).toEqual([]);
  });

  test("whose key was rotated twice, once by a rotation that was broken off, for whoever kept any of its keys", async () => {
    const anchored = await history();
    const key = readFileSync(anchored.keyFile);
    await rotateKey(anchored.keyFile, "2026-01-01T00:00:00.000Z");
    // As a crash leaves it: the word is kept, and the key is still the old one.
    writeFileSync(anchored.keyFile, key);
    const first = await rotateKey(anchored.keyFile, "2026-01-02T00:00:00.000Z");
    // Before a gateway used the new one.
    expect(codesOf(await auditOf(anchored, { keyId: first.to }))).toEqual([]);
    const again = { ...anchored, ...(await openEmbedded(anchored.directory)) };
    await runAnchored(again, anchored.anchorFile, anchored.keyFile, [shipment("K")]);
    const second = await rotateKey(anchored.keyFile, "2026-01-03T00:00:00.000Z");
    await runAnchored(again, anchored.anchorFile, anchored.keyFile, [shipment("L")]);
    rmSync(`${anchored.keyFile}.rotations`);
    for (const keyId of [first.from, first.to, second.to]) {
      const kept = { ...NOTHING_KEPT, anchors: await verified(anchored, [keyId]) };
      expect(kept.anchors.faults).toEqual([]);
    }
    expect(codesOf(await auditOf(again))).toEqual([]);
  });

  test("that two gateways write side by side, each to a file of its own", async () => {
    const anchored = await openAnchored();
    const beside = await openEmbedded();
    const [first, second] = [
      createAnchorFile(anchored.anchorFile, anchored.keyFile),
      createAnchorFile(anchored.anchorFile, anchored.keyFile),
    ];
    const head = { stream: "log/topic/0", seq: 1, hash: "ab".repeat(32), settledTo: 5n };
    const at = "2026-01-01T00:00:00.000Z";
    for (const seq of [1, 2, 3]) {
      await first.write({ streams: [{ ...head, seq }], operator: null }, at);
      await second.write({ streams: [{ ...head, stream: "log/topic/1", seq }], operator: null }, at);
    }
    await Promise.all([first.close(), second.close()]);
    expect(existsSync(`${anchored.anchorFile}.2`)).toBe(true);
    const both = await verified(anchored, [anchored.keyId]);
    expect([both.faults, both.ends.map(({ counter }) => counter), [...both.streams.keys()]]).toEqual([
      [],
      [2, 2],
      ["log/topic/0", "log/topic/1"],
    ]);
    // The second file's end is known as well.
    rmSync(`${anchored.anchorFile}.2`);
    expect((await verified(anchored, [anchored.keyId])).faults).toEqual([
      { code: "ANCHOR_CHAIN", message: expect.stringContaining("anchors.jsonl.2") as string },
    ]);
    await beside.store.close();
  });

  test("whose log was lost and another accepted in its place", async () => {
    const anchored = await openAnchored();
    await anchored.run(shipment("A"), shipment("B"));
    await anchored.store.close();
    await anchored.log.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(join(anchored.directory, `log.db${suffix}`), { force: true });
    const again = await openEmbedded(anchored.directory);
    await acceptLog({ store: again.store, source: again.log }, OPERATOR);
    await runAnchored(again, anchored.anchorFile, anchored.keyFile, [shipment("C")]);
    expect(codesOf(await auditOf({ ...anchored, ...again }))).toEqual([]);
  });
});

test("trouble with a file of anchors is told, stops no stream, and is made up for", async () => {
  const anchored = await openAnchored();
  writeFileSync(join(anchored.outside, "blocked"), "");
  const blocked = join(anchored.outside, "blocked/anchors.jsonl");
  const events = await runAnchored(anchored, blocked, anchored.keyFile, [shipment("A")]);
  expect(events).toContainEqual(expect.objectContaining({ kind: "anchor-trouble", code: "ANCHOR_FILE" }));
  const [head] = await anchored.store.reads.ledger((await anchored.store.reads.streams())[0] ?? "", 1, 1);
  expect(head?.count).toBe(1);
  await anchored.run();
  expect(codesOf(await auditOf(anchored))).toEqual([]);
});
