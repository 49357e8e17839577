import { expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import {
  createWhatIfRuns,
  type JudgePast,
  type WhatIfRequest,
  type WhatIfRuns,
} from "../../src/rejudge/what-if/runs.ts";
import { whatIf } from "../../src/rejudge/what-if/what-if.ts";
import { openEmbedded, shipment } from "../embedded.ts";
import { candidateFrom } from "../../src/rejudge/candidate.ts";
import { contentsOf } from "../../src/core/contents.ts";
import { until } from "../patience.ts";

function open(judge: JudgePast): WhatIfRuns {
  let made = 0;
  return createWhatIfRuns({ judge, newId: () => String((made += 1)), now: () => 0 });
}

async function request(embedded: Awaited<ReturnType<typeof openEmbedded>>, recordsMax: number): Promise<WhatIfRequest> {
  const candidate = candidateFrom(contentsOf(embedded.deps.contracts()), "shipment", 1);
  if (candidate === null) throw new Error("there is no candidate");
  return {
    question: { candidate, of: null, range: { from: null, to: null }, examplesMax: 1 },
    from: null,
    to: null,
    recordsMax,
  };
}

test("a run ends behind the window that reaches its number of records, and says so", async () => {
  const embedded = await openEmbedded();
  await embedded.append(...Array.from({ length: 5_000 }, (_, n) => shipment(`s${n}`)));
  await embedded.settle({ limits: { bytesMax: 10_000_000, recordsMax: 500, waitMs: 20 } });
  const runs = open(async ({ question, recordsMax }, signal, onProgress) =>
    whatIf(embedded.store.reads, question, { signal, recordsMax, onProgress }),
  );
  const ended = async (id: string | undefined): Promise<unknown> => {
    await until(() => runs.get(id ?? "")?.endedMs === 0);
    const { records, isLimited, state } = runs.get(id ?? "") ?? {};
    return { records, isLimited, state };
  };
  const limited = runs.start(await request(embedded, 1));
  expect(await ended(limited?.id)).toEqual({ records: 4_500, isLimited: true, state: "done" });
  const whole = runs.start(await request(embedded, 1_000_000));
  expect(await ended(whole?.id)).toEqual({ records: 5_000, isLimited: false, state: "done" });
});

test("what keeps a run from its end is told, and the next one may begin", async () => {
  const embedded = await openEmbedded();
  const asked = await request(embedded, 1);
  const runs = open(async () => Promise.reject(new Unavailable("STORE_TIMEOUT", "no answer", "wait")));
  const ids = Array.from({ length: 22 }, () => runs.start(asked)?.id).filter((id) => id !== undefined);
  expect(ids).toEqual(["1"]);
  await until(() => runs.get("1")?.state === "failed");
  expect(runs.get("1")?.trouble).toEqual({ code: "STORE_TIMEOUT", message: "no answer", remedy: "wait" });
  for (let n = 2; n <= 22; n += 1) {
    runs.start(asked);
    await until(() => runs.get(String(n))?.state === "failed");
  }
  // The last twenty are remembered.
  expect([runs.get("2"), runs.all().length, runs.all()[0]?.id]).toEqual([null, 20, "22"]);
});
