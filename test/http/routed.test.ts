import { expect, test } from "vitest";
import type { RoutedStream } from "../../src/lanes/router.ts";
import { get, startService } from "./service.ts";

const AT = { topic: "orders", newestMs: 1_699_999_990_000, trouble: null } as const;
const STREAMS: readonly RoutedStream[] = [
  { ...AT, stream: { id: "c/t/0", topic: "orders", partition: 0 }, movedTo: 7n },
  {
    ...AT,
    stream: { id: "c/t/1", topic: "orders", partition: 1 },
    movedTo: 4n,
    trouble: { code: "LOG_TOO_LARGE", message: "a record is too large", remedy: "raise max.message.bytes" },
  },
  { ...AT, stream: { id: "c/t/2", topic: "orders", partition: 2 }, movedTo: null, newestMs: null },
];
const LAGS = [
  { state: "running", movedTo: 7, end: 10, lag: 3, lagSeconds: 10 },
  { state: "waiting", movedTo: 4, end: 10, lag: 6, lagSeconds: 10 },
  { state: "starting", movedTo: null, end: 10, lag: null, lagSeconds: null },
];

async function withRouter(streams: readonly RoutedStream[]) {
  const routed = {
    streams: () => streams,
    ready: () => streams.every(({ movedTo, trouble }) => movedTo !== null && trouble === null),
    bounds: async () => ({ start: 0n, end: 10n }),
  };
  return startService({ http: { routed } });
}

test("a process that moves records to lanes is ready when all of them move, and says which does not and why", async () => {
  const { url } = await withRouter(STREAMS);
  const ready = await get(`${url}/readyz`);
  expect([ready.status, ready.body["status"], ready.body["router"]]).toMatchObject([
    503,
    "not ready",
    [
      { topic: "orders", partition: 0, state: "running", movedTo: 7, trouble: null },
      { state: "waiting", trouble: { code: "LOG_TOO_LARGE", runbook: "docs/runbooks/kafka-topic.md" } },
      { state: "starting", movedTo: null },
    ],
  ]);
  const status = await get(`${url}/v1/status`);
  expect([status.body["ready"], status.body["router"]]).toMatchObject([false, LAGS]);
});

test("where every stream moves the process is ready, and one without a router says nothing of lanes", async () => {
  const { url } = await withRouter(STREAMS.slice(0, 1));
  expect((await get(`${url}/readyz`)).status).toBe(200);
  const plain = await startService();
  expect((await get(`${plain.url}/readyz`)).body).not.toHaveProperty("router");
  expect((await get(`${plain.url}/v1/status`)).body).not.toHaveProperty("router");
});
