import { expect, test } from "vitest";
import type { Redaction } from "../../src/failures/redact.ts";
import { NO_REDACTION } from "../../src/failures/redact.ts";
import { hashedKey } from "../../src/traffic/hot-keys.ts";
import { get, startService } from "./service.ts";

const HOT = { key: "S-1", share: 0.75 };

async function streamOf(redaction: Redaction) {
  const loadOf = () => ({ records: 40, keys: [HOT] });
  const { url } = await startService({ http: { loadOf, redaction } });
  return ((await get(`${url}/v1/status`)).body as { streams: readonly object[] }).streams[0];
}

test("/v1/status names the keys that take most of a partition, and the partition's share of its topic", async () => {
  expect(await streamOf(NO_REDACTION)).toMatchObject({ share: 1, hotKeys: [HOT] });
});

test("where anything is redacted a key is shown as its hash: it may be a value of the payload", async () => {
  const redaction = { ...NO_REDACTION, isFor: () => true };
  expect(await streamOf(redaction)).toMatchObject({ hotKeys: [{ key: hashedKey("S-1"), share: 0.75 }] });
});

test("a process that counts no keys says none", async () => {
  const { url } = await startService();
  const { streams } = (await get(`${url}/v1/status`)).body as { streams: readonly object[] };
  expect(streams).toMatchObject([{ share: null, hotKeys: [] }]);
});
