import { expect, test } from "vitest";
import { createNotifyMetrics } from "../../../src/observe/metrics/notify.ts";
import { metricsPage } from "../../../src/observe/metrics/page.ts";
import { readPage } from "./reading.ts";

test("notifications are counted by sink and result, attempts that are made again, and what waits", () => {
  const { observe, families } = createNotifyMetrics();
  const sink = "webhook hooks.example.com";
  for (let taken = 0; taken < 5; taken += 1) observe({ kind: "notify-taken", sink });
  observe({ kind: "notify-delivered", sink, id: "1" });
  observe({ kind: "notify-trouble", sink, why: "it answered 503", retryInMs: 5_000 });
  observe({ kind: "notify-lost", sink, result: "dropped", count: 2, why: "1000 notifications wait already" });
  observe({ kind: "notify-lost", sink, result: "failed", count: 1, why: "it answered 400" });
  observe({ kind: "notify-taken", sink: "file /var/lib/secret-place/notices.ndjson" });
  const page = String(metricsPage(families(), undefined).body);
  const values = Object.fromEntries(readPage(page));
  expect(values).toMatchObject({
    [`sigma_notifications_total{sink="${sink}",result="delivered"}`]: 1,
    [`sigma_notifications_total{sink="${sink}",result="dropped"}`]: 2,
    [`sigma_notifications_total{sink="${sink}",result="failed"}`]: 1,
    [`sigma_notification_retries_total{sink="${sink}"}`]: 1,
    [`sigma_notifications_waiting{sink="${sink}"}`]: 1,
    'sigma_notifications_total{sink="file",result="delivered"}': 0,
    'sigma_notifications_waiting{sink="file"}': 1,
  });
  expect(page).not.toContain("secret-place");
});
