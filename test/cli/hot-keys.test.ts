import { expect, test } from "vitest";
import { project, shipmentLines, sigma, startSigma } from "./run.ts";

type Status = {
  readonly streams: readonly {
    readonly lag: number;
    readonly share: number;
    readonly hotKeys: readonly { readonly key: string; readonly share: number }[];
  }[];
};

test("a gateway names the identity that half of its records have, and sigma status shows it", async () => {
  const [hot = ""] = shipmentLines(7, 8).split("\n");
  const lines = shipmentLines(10_000, 14_000).split("\n").filter(Boolean);
  const cwd = project({ "some.ndjson": lines.flatMap((line) => [line, hot]).join("\n") });
  const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd });
  const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { url: string };
  expect((await sigma(["ingest", "some.ndjson", "--to", url], { cwd })).code).toBe(0);
  const status = async (): Promise<Status> => (await (await fetch(`${url}/v1/status`)).json()) as Status;
  await expect.poll(async () => (await status()).streams[0]?.lag).toBe(0);
  const [stream] = (await status()).streams;
  expect(stream).toMatchObject({ share: 1, hotKeys: [{ key: "S-7" }] });
  expect(stream?.hotKeys[0]?.share).toBeGreaterThan(0.35);
  const { stdout } = await sigma(["status", "--url", url], { cwd });
  expect(stdout).toMatch(/HOT KEYS OF .*\n\S+\/0 +\d\d% +100% {2}S-7\n/);
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(0);
});
