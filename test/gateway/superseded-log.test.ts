import { renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { acceptLog, type LogOutcome } from "../../src/gateway/operate.ts";
import { openEmbedded, shipment, temporaryDirectory, TOPIC, type Embedded } from "../embedded.ts";

const OPERATOR = { actor: "ada", at: "2026-01-01T00:00:00Z", reason: "the disk is gone" };

/** One store, and logs that take each other's place. */
function logsOf(directory: string) {
  let current = "A";
  const close = async ({ store, log }: Embedded): Promise<void> => {
    await store.close();
    await log.close();
  };
  return {
    close,
    /** Opens the store with the log of this name, which takes the place of the one of before. */
    open: async (name: string): Promise<Embedded> => {
      if (name !== current) {
        renameSync(join(directory, "log.db"), join(directory, `${current}.db`));
        try {
          renameSync(join(directory, `${name}.db`), join(directory, "log.db"));
        } catch {
          // It begins anew.
        }
      }
      current = name;
      return openEmbedded(directory);
    },
  };
}

async function idOf({ log }: Embedded): Promise<string> {
  const [stream] = await log.streams();
  return stream?.id ?? "";
}

/** Appends records that are acknowledged, as the store is told, and not decided. */
async function acknowledge(embedded: Embedded, ...ids: readonly string[]): Promise<void> {
  await embedded.append(...ids.map((id) => shipment(id)));
  const [stream] = await embedded.log.streams();
  if (stream === undefined) throw new Error("there is no stream");
  const { end } = await embedded.log.bounds(stream);
  await embedded.store.noteLogEnds([{ stream: stream.id, topic: TOPIC, partition: 0, end }]);
}

async function stateOf(embedded: Embedded): Promise<unknown> {
  const [one] = (await embedded.settle()).streams();
  return one?.trouble?.code ?? one?.settledTo;
}

async function accept({ store, log }: Embedded): Promise<readonly LogOutcome[]> {
  return acceptLog({ store, source: log }, OPERATOR);
}

const kinds = (outcomes: readonly LogOutcome[]) => outcomes.map(({ kind }) => kind);

describe("a log that an operator accepted another one in place of", () => {
  test("is halted when it is put back: what the other one acknowledged is not lost in silence", async () => {
    const logs = logsOf(temporaryDirectory());
    const a = await logs.open("A");
    await a.append(shipment("a0"));
    expect(await stateOf(a)).toBe(1n);
    await acknowledge(a, "a1", "a2");
    const idOfA = await idOf(a);
    await logs.close(a);

    const b = await logs.open("B");
    expect(await stateOf(b)).toBe("LOG_REPLACED");
    expect(kinds(await accept(b))).toEqual(["accepted"]);
    await b.append(shipment("b0"));
    expect(await stateOf(b)).toBe(1n);
    await acknowledge(b, "b1");
    const idOfB = await idOf(b);
    await logs.close(b);

    const back = await logs.open("A");
    expect(await stateOf(back)).toBe("LOG_REPLACED");
    const [halt] = await back.store.reads.halts();
    expect(halt).toMatchObject({ stream: idOfA, message: expect.stringContaining("ada") as string });
    expect(halt?.message).toContain(idOfB.split("/")[0]);
    expect((await back.audit(true)).findings).toMatchObject([{ code: "SOURCE_REPLACED" }]);

    // Accepted again it goes on: what was recorded as lost of it is decided, and what the other one acknowledged is lost.
    expect(kinds(await accept(back))).toEqual(["accepted"]);
    expect(await stateOf(back)).toBe(3n);
    expect(await back.audit(true)).toMatchObject({
      findings: [],
      records: 4,
      gaps: [{ stream: idOfB, from: 1n, to: 2n, note: OPERATOR.reason }],
    });
    expect(await back.store.reads.halts()).toEqual([]);
    expect(kinds(await accept(back))).toEqual(["known"]);
    await acknowledge(back, "a3");
    await logs.close(back);

    const again = await logs.open("B");
    expect(await stateOf(again)).toBe("LOG_REPLACED");
    expect(kinds(await accept(again))).toEqual(["accepted"]);
    expect(await stateOf(again)).toBe(2n);
    expect(await again.audit(true)).toMatchObject({
      findings: [],
      records: 5,
      gaps: [{ stream: idOfA, from: 3n, to: 4n }],
    });
  });

  test("and that is accepted again and again has each of its losses recorded", async () => {
    const logs = logsOf(temporaryDirectory());
    const a = await logs.open("A");
    await a.append(shipment("a0"));
    await a.settle();
    await acknowledge(a, "a1");
    const idOfA = await idOf(a);
    await logs.close(a);
    for (const name of ["B", "A", "B"]) {
      const one = await logs.open(name);
      await accept(one);
      if (name === "B") await one.settle();
      await logs.close(one);
    }
    const last = await logs.open("B");
    expect((await last.audit(true)).gaps).toEqual([{ stream: idOfA, from: 1n, to: 2n, note: OPERATOR.reason }]);
    const losses = (await last.store.reads.operatorLog(0, 99)).filter(({ action }) => action === "accept-loss");
    expect(losses).toHaveLength(2);
  });

  test("of which records were acknowledged after the other one was accepted is named by the audit", async () => {
    const logs = logsOf(temporaryDirectory());
    const a = await logs.open("A");
    await a.append(shipment("a0"));
    await a.settle();
    const idOfA = await idOf(a);
    await logs.close(a);
    const b = await logs.open("B");
    await accept(b);
    await b.settle();
    // A gateway that still ran on the first one told so late.
    await b.store.noteLogEnds([{ stream: idOfA, topic: TOPIC, partition: 0, end: 4n }]);
    expect((await b.audit(true)).findings).toMatchObject([{ code: "SOURCE_UNDECIDED", stream: idOfA, offset: 1n }]);
  });
});
