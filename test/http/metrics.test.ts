import { expect, test } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { openEmbedded, shipment } from "../embedded.ts";
import { serve } from "./service.ts";

test("/metrics says how many bytes of records wait for the store, and none when they are settled", async () => {
  const embedded = await openEmbedded();
  const { promise: answers, resolve: answer } = Promise.withResolvers<undefined>();
  const unit: Store["unit"] = async (work) => {
    await answers;
    return embedded.store.unit(work);
  };
  const service = await serve(embedded, { ingest: { store: { ...embedded.store, unit } } });
  const bytes = async (): Promise<number> => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return Number(/^sigma_in_flight_bytes (\d+)$/m.exec(text)?.[1]);
  };
  expect(await bytes()).toBe(0);
  const record = shipment("A");
  await service.append(record);
  await expect.poll(bytes).toBeGreaterThanOrEqual(Buffer.byteLength(record));
  answer(undefined);
  await expect.poll(bytes).toBe(0);
});
