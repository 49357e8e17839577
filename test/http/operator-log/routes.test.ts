import { expect, test } from "vitest";
import { recordAction } from "../../../src/gateway/operate.ts";
import { actionHash, type OperatorAction } from "../../../src/ledger/operator-log.ts";
import { TOPIC } from "../../embedded.ts";
import { get, post, startService } from "../service.ts";

type View = OperatorAction & { readonly who: string; readonly via: string; readonly address: string };

test("what was done over HTTP is in the operator log with who, from where and why, and its chain can be checked", async () => {
  const { url, store } = await startService();
  await recordAction(store, {
    at: "2026-11-29T00:00:00.000Z",
    actor: "ann via cli",
    action: "resume",
    target: "s",
    reason: "it is mended",
    detail: "",
  });
  await post(`${url}/v1/events/${TOPIC}`, "{}", { prefer: "wait=30" });
  const [group] = (await get(`${url}/v1/failures/groups`)).body["groups"] as readonly {
    readonly fingerprint: string;
  }[];
  const body = JSON.stringify({ actor: "bob", reason: "seen", state: "acknowledged" });
  const init = { method: "PATCH", headers: { "content-type": "application/json" }, body };
  expect((await fetch(`${url}/v1/failures/groups/${group?.fingerprint}`, init)).status).toBe(200);

  const first = (await get(`${url}/v1/operator-log?limit=1`)).body as {
    readonly actions: View[];
    readonly next: string;
  };
  expect(first).toMatchObject({
    actions: [{ seq: 1, who: "bob", via: "api", address: "127.0.0.1", action: "group-state", reason: "seen" }],
    next: "1",
  });
  const second = (await get(`${url}/v1/operator-log?limit=1&cursor=${first.next}`)).body;
  expect(second).toMatchObject({ actions: [{ seq: 0, who: "ann", via: "cli", address: null }], next: null });

  const text = await (await fetch(`${url}/v1/operator-log/export`)).text();
  const exported = text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as View);
  expect(exported.map(({ seq }) => seq)).toEqual([0, 1]);
  for (const action of exported) expect(actionHash(action)).toBe(action.hash);
  expect(exported[1]?.prevHash).toBe(exported[0]?.hash);
});

test("of nothing done the log is empty, in pages and whole", async () => {
  const { url } = await startService();
  for (const order of ["newest", "oldest"])
    expect((await get(`${url}/v1/operator-log?order=${order}`)).body).toEqual({ actions: [], next: null });
  expect(await (await fetch(`${url}/v1/operator-log/export`)).text()).toBe("");
  expect((await get(`${url}/v1/operator-log?limit=0`)).status).toBe(400);
});
