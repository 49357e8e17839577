import { spawn } from "node:child_process";
import { truncateSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { checksumOf, encodeBatch } from "../../../src/source/embedded/batch.ts";
import { unavailable } from "../../unavailable.ts";
import { LAW_TOPIC } from "../law-topic.ts";
import { sourceLaws } from "../source-laws.ts";
import { fetchNow, firstStream, logPath, openLog, openRaw, recordsOf } from "./embedded-log.ts";
import { PATIENCE_MS } from "../../patience.ts";

sourceLaws("the embedded log", async () => {
  const path = logPath();
  return {
    open: async () => openLog(path, { busyTimeoutMs: PATIENCE_MS }),
    takeAway: async () => truncateSync(path, 4_096),
    spawnAppender: () => {
      const script = fileURLToPath(new URL("append.child.ts", import.meta.url));
      const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
      onTestFinished(() => void child.kill("SIGKILL"));
      return child;
    },
  };
});

describe("the embedded log", () => {
  test("appends of one turn of the event loop share one transaction", async () => {
    let transactions = 0;
    const log = openLog(logPath(), { now: () => (transactions += 1) });
    await Promise.all([1, 2, 3].map(async (n) => log.append(LAW_TOPIC.name, recordsOf(String(n)))));
    expect(transactions).toBe(1);
    await log.append(LAW_TOPIC.name, recordsOf("4"));
    expect(transactions).toBe(2);
    const fetched = await fetchNow(log, 0n);
    expect(fetched.kind === "records" && fetched.read().map(({ timestampMs }) => timestampMs)).toEqual([1, 1, 1, 2]);
  });

  test("a row of the file holds at most 5,000 records and about 1 MiB", async () => {
    const path = logPath();
    const log = openLog(path);
    await log.append(LAW_TOPIC.name, recordsOf(...Array.from({ length: 12_000 }, String)));
    await log.append(LAW_TOPIC.name, recordsOf(...Array.from({ length: 5 }, () => Buffer.alloc(400_000))));
    await log.append(LAW_TOPIC.name, recordsOf(Buffer.alloc(3_000_000)));
    const rows = openRaw(path).prepare("SELECT next_offset - base_offset AS count FROM log_batches").all();
    expect(rows.map((row) => row["count"])).toEqual([5_000, 5_000, 2_000, 2, 2, 1, 1]);
    const fetched = await fetchNow(log, 0n);
    expect(fetched.kind === "records" && fetched.read().map(({ position }) => position.offset)).toEqual(
      Array.from({ length: 12_006 }, (_, offset) => BigInt(offset)),
    );
  });

  test("an append to a topic or partition that is not there fails alone, and as a bug", async () => {
    const log = openLog(logPath());
    const good = log.append(LAW_TOPIC.name, recordsOf("good"));
    const wrong = recordsOf("wrong").map((record) => ({ ...record, partition: 3 }));
    await expect(log.append(LAW_TOPIC.name, wrong)).rejects.toThrow("the topic has partitions 0 to 2");
    await expect(log.append("other", recordsOf("x"))).rejects.toThrow('topic "other"');
    expect(await good).toMatchObject([{ partition: 0, offset: 0n }]);
    expect(log.topics()).toEqual([LAW_TOPIC.name]);
  });

  test("appending nothing is nothing", async () => {
    const log = openLog(logPath());
    expect(await log.append(LAW_TOPIC.name, [])).toEqual([]);
    expect(await log.bounds(await firstStream(log))).toEqual({ start: 0n, end: 0n });
  });

  test("what was appended before closing is there after it", async () => {
    const path = logPath();
    const log = openLog(path);
    const appended = log.append(LAW_TOPIC.name, recordsOf("last"));
    await log.close();
    expect(await appended).toMatchObject([{ partition: 0, offset: 0n }]);
    expect(await fetchNow(openLog(path), 0n)).toMatchObject({ kind: "records", to: 1n });
  });

  test("a topic can get more partitions, never fewer, and keeps its streams", async () => {
    const path = logPath();
    const [three, five, two] = [3, 5, 2].map((partitions) =>
      openLog(path, { topics: [{ name: "orders", partitions }] }),
    );
    const ids = await Promise.all([three, five, two].map(async (log) => (await log?.streams())?.map(({ id }) => id)));
    expect(ids.map((list) => list?.length)).toEqual([3, 5, 5]);
    expect(ids[1]?.slice(0, 3)).toEqual(ids[0]);
    expect(ids[2]).toEqual(ids[1]);
  });

  test("a stream is named by cluster, topic and partition; a topic in another file is another stream", async () => {
    const [one, other] = [openLog(logPath()), openLog(logPath())];
    const ids = (await one.streams()).map(({ id }) => id);
    for (const [partition, id] of ids.entries()) {
      expect(id).toMatch(new RegExp(`^[\\w-]{22}/[\\w-]{22}/${partition}$`));
    }
    expect((await other.streams()).map(({ id }) => id)).not.toEqual(ids);
  });

  test("an append to another partition does not end the wait for a record", async () => {
    const log = openLog(logPath());
    const [first] = await log.streams();
    const limits = { bytesMax: 1_000, recordsMax: 10, waitMs: 60_000 };
    const waiting = log.fetch(first!, 0n, limits, new AbortController().signal);
    await log.append(
      LAW_TOPIC.name,
      recordsOf("x").map((record) => ({ ...record, partition: 1 })),
    );
    await log.append(LAW_TOPIC.name, recordsOf("mine"));
    expect(await waiting).toMatchObject({ kind: "records", from: 0n, to: 1n });
  });

  describe("with time standing still", () => {
    const limits = { bytesMax: 1_000, recordsMax: 10, waitMs: 60_000 };
    const never = new AbortController().signal;
    const stopTime = (): void => {
      vi.useFakeTimers({ toFake: ["setTimeout", "setInterval"] });
      onTestFinished(() => void vi.useRealTimers());
    };

    test("an append in the same process ends the wait by itself", async () => {
      const log = openLog(logPath());
      stopTime();
      const waiting = log.fetch(await firstStream(log), 0n, limits, never);
      await log.append(LAW_TOPIC.name, recordsOf("a"));
      expect(await waiting).toMatchObject({ kind: "records", to: 1n });
    });

    test("a fetch that may return nothing does not wait for something", async () => {
      const log = openLog(logPath());
      await log.append(LAW_TOPIC.name, recordsOf("a"));
      stopTime();
      expect(await log.fetch(await firstStream(log), 0n, limits, never, 0n)).toEqual({ kind: "empty" });
    });
  });

  test("what goes wrong during the wait for a record ends it, and not as an empty end", async () => {
    const path = logPath();
    const log = openLog(path);
    const limits = { bytesMax: 1_000, recordsMax: 10, waitMs: 60_000 };
    const waiting = log.fetch(await firstStream(log), 0n, limits, new AbortController().signal);
    openRaw(path).exec("DROP TABLE log_batches");
    await expect(waiting).rejects.toThrow("no such table");
  });

  test("a fetch below the start of the log says where it starts", async () => {
    const path = logPath();
    const log = openLog(path);
    for (const text of ["a", "b"]) await log.append(LAW_TOPIC.name, recordsOf(text));
    openRaw(path).exec("DELETE FROM log_batches WHERE base_offset = 0");
    expect(await fetchNow(log, 0n)).toEqual({ kind: "below-start", logStart: 1n });
    expect(await log.bounds(await firstStream(log))).toEqual({ start: 1n, end: 2n });
  });

  test("offsets up to the last there can be are exact", async () => {
    const path = logPath();
    const log = openLog(path);
    const stream = (await firstStream(log)).id;
    const next = 2n ** 63n - 1n;
    const span = { stream, base: next - 2n, next, timestampMs: 5 };
    const blob = encodeBatch(recordsOf("a", "b"));
    openRaw(path)
      .prepare("INSERT INTO log_batches VALUES (?, ?, ?, ?, ?, ?)")
      .run(stream, next, span.base, span.timestampMs, checksumOf(span, blob), blob);
    const fetched = await fetchNow(log, next - 1n);
    expect(fetched).toMatchObject({ kind: "records", from: next - 1n, to: next, count: 1 });
    expect(fetched.kind === "records" && fetched.read()[0]?.position.offset).toBe(next - 1n);
    expect(await fetchNow(log, next)).toEqual({ kind: "empty" });
  });
});

describe("a damaged log", () => {
  const damages = {
    "one byte of a record": "SET records = CAST(X'02' || substr(records, 2) AS BLOB)",
    "the length of a batch": "SET records = substr(records, 1, length(records) - 1)",
    "the timestamp": "SET timestamp_ms = timestamp_ms + 1",
    "the checksum": "SET checksum = 0",
    "the end of a batch": "SET next_offset = 20",
  };

  test.each(Object.entries(damages))(
    "with other %s gives the records before it, then says where",
    async (_, damage) => {
      const path = logPath();
      const log = openLog(path);
      for (const text of ["a", "b", "c"]) await log.append(LAW_TOPIC.name, recordsOf(text));
      openRaw(path).exec(`UPDATE log_batches ${damage} WHERE base_offset = 1`);
      expect(await fetchNow(log, 0n, 1)).toMatchObject({ kind: "records", to: 1n });
      const error = await unavailable(fetchNow(log, 1n));
      expect(error).toMatchObject({ code: "LOG_CORRUPT", remedy: "restore the file from a backup" });
      expect(error.message).toMatch(/orders\/0 .*offset [12] /);
      expect(error.message).toContain(path);
    },
  );
});

describe("trouble with the log's file", () => {
  test("a full disk refuses the append, keeps what is there, and takes the next once there is space", async () => {
    const path = logPath();
    const log = openLog(path, { pagesMax: 60 });
    const [keep, large] = [recordsOf("keep"), recordsOf(Buffer.alloc(100_000), Buffer.alloc(100_000))];
    await log.append(LAW_TOPIC.name, keep);
    await log.append(LAW_TOPIC.name, large.slice(1));
    const error = await unavailable(log.append(LAW_TOPIC.name, large));
    expect(error).toMatchObject({ code: "LOG_FULL", remedy: "free some space; the gateway goes on by itself" });
    expect(error.message).toContain(path);
    expect(await log.bounds(await firstStream(log))).toEqual({ start: 0n, end: 2n });
    openRaw(path).exec("DELETE FROM log_batches WHERE base_offset = 1");
    expect(await log.append(LAW_TOPIC.name, large.slice(1))).toMatchObject([{ partition: 0, offset: 1n }]);
  });

  test("a lock held by another is LOG_LOCKED until it is gone; reading goes on", async () => {
    const path = logPath();
    const log = openLog(path);
    await log.append(LAW_TOPIC.name, recordsOf("a"));
    const other = openRaw(path);
    other.exec("BEGIN IMMEDIATE");
    expect(await unavailable(log.append(LAW_TOPIC.name, recordsOf("b")))).toMatchObject({ code: "LOG_LOCKED" });
    expect(await fetchNow(log, 0n)).toMatchObject({ kind: "records", to: 1n });
    const opened = openLog(path, { topics: [{ name: LAW_TOPIC.name, partitions: 1 }] });
    expect(await fetchNow(opened, 0n)).toMatchObject({ kind: "records", to: 1n });
    other.exec("ROLLBACK");
    expect(await log.append(LAW_TOPIC.name, recordsOf("b"))).toMatchObject([{ partition: 0, offset: 1n }]);
  });
});
