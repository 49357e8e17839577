import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../patience.ts";
import { faultsOfAlerts } from "../notify/alert-shape.ts";
import { startReceiver, type Receiver } from "../notify/receiver.ts";
import { jsonLines, project, ROOT, shipmentLines, sigma, startSigma } from "./run.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** The configuration of the documentation, with its receivers on this machine. */
function pageConfig(receivers: readonly Receiver[]): string {
  const page = readFileSync(join(ROOT, "docs/notifications.md"), "utf8");
  const [, block = ""] = /<!-- tried: .*? -->\n\n```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const urls = [
    "https://hooks.example.com/sigma",
    "https://hooks.slack.com/services/T0/B0/x",
    "http://alertmanager:9093/api/v2/alerts",
  ];
  let text = block.replace("/run/secrets/sigma-webhook", "secrets").replace("10.0.0.0/8", "127.0.0.1");
  for (const [index, url] of urls.entries()) {
    const before = text;
    text = text.replace(url, receivers[index]?.url.href ?? "");
    expect(text).not.toBe(before);
  }
  return text;
}

async function three(): Promise<readonly [Receiver, Receiver, Receiver]> {
  return [
    await startReceiver([{ status: 204 }]),
    await startReceiver([{ status: 200 }]),
    await startReceiver([{ status: 200 }]),
  ];
}

describe("sigma notify test", () => {
  test("sends one test to each receiver of the documentation's example, each in its own form", async () => {
    const receivers = await three();
    const cwd = project({ "sigma.yaml": pageConfig(receivers), secrets: `${SECRET}\n` });
    const { code, stdout, stderr } = await sigma(["notify", "test", "--json"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    const hosts = receivers.map(({ url }) => url.host);
    expect(jsonLines(stdout)).toMatchObject([
      { kind: "notified", sink: `webhook ${hosts[0]} (standard)`, ok: true, answer: "204" },
      { kind: "notified", sink: `webhook ${hosts[1]} (slack)`, ok: true, answer: "200" },
      { kind: "notified", sink: `webhook ${hosts[2]} (alertmanager)`, ok: true, answer: "200" },
    ]);
    const [standard, slack, alertmanager] = receivers.map(({ received }) => received);
    expect(standard?.map(({ headers }) => headers["webhook-signature"])).toEqual([expect.stringMatching(/^v1,\S+$/)]);
    expect(JSON.parse(standard?.[0]?.body ?? "")).toMatchObject({ type: "test" });
    expect(JSON.parse(slack?.[0]?.body ?? "")).toEqual({ text: "This is a test of SIGMA-AETL. Nothing happened" });
    expect([slack?.[0]?.headers["webhook-signature"], slack?.length]).toEqual([undefined, 1]);
    expect(faultsOfAlerts(alertmanager?.[0]?.body ?? "")).toEqual([]);
  });

  test("ends with 40 when one cannot be reached, and shows no path of a URL and no secret", async () => {
    const receiver = await startReceiver([{ status: 403 }]);
    const cwd = project();
    const token = "T0KEN";
    const env = {
      SIGMA_NOTIFY_WEBHOOKS: `${receiver.url.href}${token} slack=https://localhost:1/${token} slack=http://localhost:1/${token}`,
      SIGMA_NOTIFY_SECRETS: SECRET,
      SIGMA_NOTIFY_ALLOW_ADDRESSES: "127.0.0.1,::1",
      SIGMA_NOTIFY_FILE: join(cwd, "events.ndjson"),
    };
    const { code, stdout, stderr } = await sigma(["notify", "test"], { cwd, env });
    expect([code, stderr]).toEqual([40, ""]);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/).join(" | ").trim())).toEqual([
      `FAILED | webhook ${receiver.url.host} (standard) | 403`,
      "FAILED | webhook localhost:1 (slack) | ECONNREFUSED",
      "FAILED | webhook localhost:1 (slack) | ECONNREFUSED",
      `ok | file ${join(cwd, "events.ndjson")} | written`,
      "",
    ]);
    expect(jsonLines(readFileSync(join(cwd, "events.ndjson"), "utf8"))).toMatchObject([{ type: "test" }]);
    const shown = await sigma(["config", "show"], { cwd, env });
    expect([shown.stdout.includes(token), shown.stdout.includes(SECRET)]).toEqual([false, false]);
  });

  test("says what to do when nobody is configured", async () => {
    const { code, stderr } = await sigma(["notify", "test"], { cwd: project() });
    expect([code, stderr]).toEqual([2, expect.stringContaining("SIG-N-001")]);
  });
});

describe("sigma start", () => {
  test("tells of a stream that halts, and prints the same as a line", async () => {
    const receiver = await startReceiver([{ status: 200 }]);
    const cwd = project({ "bad.ndjson": '{"shipment_id":"SECRET"}\n', "good.ndjson": shipmentLines(0, 3) });
    const env = {
      SIGMA_NOTIFY_WEBHOOKS: receiver.url.href,
      SIGMA_NOTIFY_SECRETS: SECRET,
      SIGMA_NOTIFY_ALLOW_ADDRESSES: "127.0.0.1",
      SIGMA_NOTIFY_STDOUT: "true",
      SIGMA_BREAKER_CONSECUTIVE: "1",
    };
    const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd, env });
    const { url = "" } = JSON.parse(await running.line(/"kind":"started"/)) as { url?: string };
    await sigma(["ingest", "bad.ndjson", "--to", url], { cwd });
    const line = JSON.parse(await running.line(/"type":"stream-halted"/)) as Record<string, unknown>;
    const halted = (): Receiver["received"] => receiver.received.filter(({ body }) => body.includes("stream-halted"));
    await until(() => halted().length > 0);
    expect(JSON.parse(halted()[0]?.body ?? "")).toMatchObject({
      type: "stream-halted",
      data: { topic: "sigma-aetl.shipments", partition: 0, code: "BREAKER_OPEN", link: `${url}/readyz` },
    });
    expect(line).toMatchObject({ id: halted()[0]?.headers["webhook-id"], type: "stream-halted" });
    running.child.kill("SIGTERM");
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(0);
    expect([stdout, stderr, ...receiver.received.map(({ body }) => body)].join("")).not.toContain("SECRET");
  });
});

test("a gateway counts on its page of metrics what became of notifications, by sink", async () => {
  const cwd = project({ "bad.ndjson": '{"a":1}\n1\n' });
  const env = { SIGMA_NOTIFY_FILE: "told.jsonl" };
  const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd, env });
  const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string };
  await sigma(["ingest", "bad.ndjson", "--to", url], { cwd });
  const counted = async (): Promise<readonly string[]> =>
    (await (await fetch(`${url}/metrics`)).text()).split("\n").filter((line) => line.startsWith("sigma_notif"));
  // Two records of two groups.
  await expect
    .poll(counted)
    .toEqual([
      'sigma_notifications_total{sink="file",result="delivered"} 2',
      'sigma_notifications_total{sink="file",result="failed"} 0',
      'sigma_notifications_total{sink="file",result="dropped"} 0',
      'sigma_notification_retries_total{sink="file"} 0',
      'sigma_notifications_waiting{sink="file"} 0',
    ]);
  expect(readFileSync(join(cwd, "told.jsonl"), "utf8").trimEnd().split("\n")).toHaveLength(2);
});
