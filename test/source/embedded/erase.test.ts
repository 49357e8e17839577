import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LAW_TOPIC } from "../law-topic.ts";
import { fetchNow, firstStream, logPath, openLog, recordsOf } from "./embedded-log.ts";

describe("erasing records of the embedded log", () => {
  test("leaves holes, and everything else where it was, whatever is erased in whatever order", async () => {
    const range = fc.record({ from: fc.nat({ max: 12 }), length: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.array(range, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
        async (appends, erasures) => {
          const log = openLog(logPath());
          let count = 0;
          for (const records of appends) {
            await log.append(LAW_TOPIC.name, recordsOf(...Array.from({ length: records }, (_, n) => `r${count + n}`)));
            count += records;
          }
          const stream = await firstStream(log);
          const gone = new Set<number>();
          for (const ranges of erasures) {
            await log.erase(
              stream,
              ranges.map(({ from, length }) => ({ from: BigInt(from), to: BigInt(from + length) })),
            );
            for (const { from, length } of ranges) for (let n = from; n < from + length; n += 1) gone.add(n);
          }
          const left = Array.from({ length: count }, (_, n) => n).filter((n) => !gone.has(n));
          const fetched = await fetchNow(log, 0n);
          const read = fetched.kind === "records" ? fetched.read() : [];
          expect(
            read.map(({ position, value }) => `${position.offset} ${Buffer.from(value ?? []).toString()}`),
          ).toEqual(left.map((n) => `${n} r${n}`));
          expect(await log.bounds(stream)).toEqual({ start: 0n, end: BigInt(count) });
          const [next] = await log.append(LAW_TOPIC.name, recordsOf("next"));
          expect(next?.offset).toBe(BigInt(count));
          await log.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("and writing the file anew leaves none of their bytes in it, or in what is beside it", async () => {
    const path = logPath();
    const log = openLog(path, { busyTimeoutMs: 10_000 });
    await log.append(LAW_TOPIC.name, recordsOf("stays", "a-secret", "stays-too"));
    const hasSecret = (): boolean => [path, `${path}-wal`].some((file) => readFileSync(file).includes("a-secret"));
    expect(hasSecret()).toBe(true);
    await log.erase(await firstStream(log), [{ from: 1n, to: 2n }]);
    await log.scrub();
    expect(hasSecret()).toBe(false);
    const fetched = await fetchNow(log, 0n);
    expect(fetched.kind === "records" && fetched.read().map(({ value }) => String(value))).toEqual([
      "stays",
      "stays-too",
    ]);
  });
});
