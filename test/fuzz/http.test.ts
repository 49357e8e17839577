import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { shipment } from "../embedded.ts";
import { acknowledgedBy, answersIn, checkAnswer, type RawAnswer } from "./answers.ts";
import { CLOCK, tryCases } from "./budget.ts";
import { startFuzzedGateway, SHIPMENTS, type FuzzedGateway } from "./gateway.ts";
import { requestPieces } from "./raw-requests.ts";

const HONEST = shipment("honest");
const ASK = `POST /v1/events/${SHIPMENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nPrefer: wait=30\r\nContent-Length: ${HONEST.length}\r\n\r\n${HONEST}`;

/** What is written on a connection, and how it ends: the sender's half ends and it reads on; or it goes away. */
type Exchange = { readonly pieces: readonly string[]; readonly ending: "half" | "gone" };

/** The server ends what has no more to say; its longest clock without that is that of a connection at rest, 75 s. */
const ENDS_WITHIN_MS = 20_000;

/** Writes it on a connection of its own, and gives all that came back until the server ended it. */
async function talk(port: number, { pieces, ending }: Exchange): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve, reject) => {
    socket.once("close", () => resolve());
    AbortSignal.timeout(ENDS_WITHIN_MS).addEventListener("abort", () => reject(new Error(`it stays open: ${text}`)));
  });
  socket.once("end", () => void socket.end());
  for (const piece of pieces) {
    socket.write(Buffer.from(piece, "latin1"));
    await nextTurn();
  }
  if (ending === "half") socket.end();
  else socket.destroy();
  try {
    await closed;
  } finally {
    socket.destroy();
  }
  return text;
}

async function checkCalm({ bugs, isReady, heldBytes }: FuzzedGateway): Promise<void> {
  expect([bugs, await isReady()]).toEqual([[], true]);
  await expect.poll(heldBytes, { timeout: ENDS_WITHIN_MS }).toBe(0);
}

describe("whatever comes over a connection", () => {
  test(
    "every request is answered as documented, what is acknowledged is in the log, and honest requests are not disturbed",
    CLOCK,
    async () => {
      const gateway = await startFuzzedGateway();
      await tryCases({
        runs: 400,
        corpus: "http",
        cases: requestPieces,
        holds: async (sent) => {
          const { port, appended } = gateway;
          const before = await appended();
          const honest = talk(port, { pieces: [ASK], ending: "half" });
          const behind = talk(port, { pieces: [ASK, ...sent], ending: "half" });
          const [answer] = answersIn(await honest);
          expect([answer?.status, JSON.parse(answer?.body ?? "null")]).toMatchObject([
            200,
            { decisions: [{ status: "PASSED" }] },
          ]);
          const answers = answersIn(await behind);
          answers.forEach(checkAnswer);
          // The good request is answered before whatever stands behind it.
          expect(answers[0]?.status).toBe(200);
          expect((await appended()) - before).toBe(acknowledged(answers) + 1n);
          await checkCalm(gateway);
        },
      });
    },
  );

  test("who goes away in the middle leaves nothing behind", CLOCK, async () => {
    const gateway = await startFuzzedGateway();
    await tryCases({
      runs: 200,
      corpus: "http",
      cases: requestPieces,
      holds: async (sent) => {
        answersIn(await talk(gateway.port, { pieces: [ASK, ...sent], ending: "gone" }));
        await checkCalm(gateway);
      },
    });
  });
});

function acknowledged(answers: readonly RawAnswer[]): bigint {
  return BigInt(answers.reduce((sum, one) => sum + acknowledgedBy(one), 0));
}
