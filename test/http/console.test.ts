import { expect, test } from "vitest";
import { CONSOLE_POLICY, type Console } from "../../src/http/console/routes.ts";
import { openApp } from "./service.ts";

type Problem = { readonly code: string; readonly remedy: string };

const file = (type: string, text: string) => ({ type, bytes: Buffer.from(text) });
const BUILT: Console = {
  document: file("text/html; charset=utf-8", "<!doctype html><title>SIGMA</title>"),
  files: new Map([
    ["/icon.svg", file("image/svg+xml", "<svg/>")],
    ["/assets/index-1.js", file("text/javascript; charset=utf-8", "1;")],
  ]),
};

test.each(["/", "/failures", "/failures/g/0f3c", "/r/kafka/shipments/0/21", "/contracts/shipment", "/health"])(
  "the document of the console is at %s, under a policy that runs nothing inline",
  async (url) => {
    const app = await openApp({ http: { console: BUILT } });
    const { statusCode, headers, body } = await app.inject(url);
    expect([statusCode, body]).toEqual([200, BUILT.document.bytes.toString()]);
    expect(headers["content-security-policy"]).toBe(CONSOLE_POLICY);
    expect(CONSOLE_POLICY).not.toMatch(/unsafe|\*|https?:/);
    expect(headers["cache-control"]).toBe("no-store");
  },
);

test("an asset may be kept for ever, and what is none is a problem that says what to do", async () => {
  const app = await openApp({ http: { console: BUILT } });
  const asset = await app.inject("/assets/index-1.js");
  expect([asset.statusCode, asset.body]).toEqual([200, "1;"]);
  expect(asset.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  for (const url of ["/assets/index-2.js", "/assets/..%2f..%2fpackage.json", "/assets/icon.svg"]) {
    const answer = await app.inject(url);
    expect([url, answer.statusCode, answer.json<Problem>().code]).toEqual([url, 404, "no-asset"]);
  }
  expect((await app.inject("/nothing")).statusCode).toBe(404);
});

test("whoever opens an address that is no page sees the console say so; programs are told as a problem", async () => {
  const app = await openApp({ http: { console: BUILT } });
  const asked = async (url: string, accept: string) => app.inject({ url, headers: { accept } });
  const page = await asked("/failurez?since=1h", "text/html,application/xhtml+xml,*/*;q=0.8");
  expect([page.statusCode, page.body]).toEqual([404, BUILT.document.bytes.toString()]);
  expect([page.headers["content-type"], page.headers["content-security-policy"]]).toEqual([
    BUILT.document.type,
    CONSOLE_POLICY,
  ]);
  for (const [url, accept] of [
    ["/failurez", "*/*"],
    ["/v1/nothing", "text/html"],
    ["/api/nothing", "text/html"],
  ] as const) {
    const answer = await asked(url, accept);
    expect([url, answer.statusCode, answer.json<Problem>().code]).toEqual([url, 404, "no-route"]);
  }
});

test("without a built console its addresses say how to build it, and nothing else changes", async () => {
  const app = await openApp();
  for (const url of ["/", "/failures", "/icon.svg"]) {
    const answer = await app.inject(url);
    const { code, remedy } = answer.json<Problem>();
    expect([answer.statusCode, code, remedy]).toEqual([
      404,
      "no-console",
      "run npm run console in the checkout, and start again",
    ]);
  }
  expect((await app.inject("/livez")).statusCode).toBe(200);
});
