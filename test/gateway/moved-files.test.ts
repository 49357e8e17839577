import { copyFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { startGateway } from "../../src/gateway/gateway.ts";
import { openEmbedded, shipment } from "../embedded.ts";
import { until } from "../patience.ts";

describe("a file that is moved away under a gateway that runs", () => {
  test.each(["moved", "replaced"])("(the log, %s) acknowledges nothing, until it is back", async (how) => {
    const embedded = await openEmbedded();
    const { directory, log, deps } = embedded;
    await embedded.append(shipment("A"));
    await embedded.settle();
    const gateway = await startGateway(deps);
    onTestFinished(gateway.stop);
    const [path, aside] = [join(directory, "log.db"), join(directory, "aside.db")];
    await until(() => gateway.streams()[0]?.state === "running");
    renameSync(path, aside);
    if (how === "replaced") copyFileSync(aside, path);
    await expect(embedded.append(shipment("B"))).rejects.toMatchObject({ code: "LOG_MOVED" });
    await until(() => gateway.streams()[0]?.trouble?.code === "LOG_MOVED");
    renameSync(aside, path);
    await embedded.append(shipment("C"));
    await until(() => gateway.streams()[0]?.settledTo === 2n);
    const [stream] = await log.streams();
    if (stream === undefined) throw new Error("there is no stream");
    expect(await log.bounds(stream)).toEqual({ start: 0n, end: 2n });
  });

  test("(the store) gets no decision, until it is back", async () => {
    const embedded = await openEmbedded();
    const { directory, store, deps } = embedded;
    await embedded.append(shipment("A"));
    await embedded.settle();
    const gateway = await startGateway(deps);
    onTestFinished(gateway.stop);
    const [path, aside] = [join(directory, "store.db"), join(directory, "aside.db")];
    await until(() => gateway.streams()[0]?.state === "running");
    renameSync(path, aside);
    await embedded.append(shipment("B"));
    await until(() => gateway.streams()[0]?.trouble?.code === "STORE_MOVED");
    expect(await store.reads.tally()).toMatchObject({ validated: 1 });
    renameSync(aside, path);
    await until(() => gateway.streams()[0]?.settledTo === 2n);
    expect((await embedded.audit(true)).findings).toEqual([]);
  });
});
