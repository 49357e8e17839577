import { expect, test } from "vitest";
import { startService } from "../service.ts";

const NAMED = "https://app.example.com";

const ask = async (url: string, origin: string, method = "GET", more: Readonly<Record<string, string>> = {}) => {
  const { status, headers } = await fetch(url, {
    method,
    headers: { origin, "sec-fetch-site": "cross-site", ...more },
  });
  return [status, headers.get("access-control-allow-origin"), headers.get("vary")];
};

test("only origins that are named may read, and each answer says that it depends on the origin", async () => {
  const { url } = await startService({ http: { corsOrigins: [NAMED] } });
  expect(await ask(`${url}/v1/contracts`, NAMED)).toEqual([200, NAMED, "origin"]);
  const others = [
    "https://app.example.com.evil.example",
    "http://app.example.com",
    "https://APP.example.com",
    "null",
    "*",
  ];
  for (const other of others)
    expect([other, ...(await ask(`${url}/v1/contracts`, other))]).toEqual([other, 403, null, "origin"]);
});

test("leave is given to a named origin before a request, without cookies", async () => {
  const { url } = await startService({ http: { corsOrigins: [NAMED] } });
  const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
  const path = `${url}/v1/validate/shipment`;
  const { status, headers } = await fetch(path, { method: "OPTIONS", headers: { origin: NAMED, ...preflight } });
  expect([status, headers.get("access-control-allow-origin"), headers.get("access-control-allow-credentials")]).toEqual(
    [204, NAMED, null],
  );
  expect(headers.get("access-control-allow-headers")?.split(", ")).toContain("authorization");
  expect(await ask(path, "https://evil.example", "OPTIONS", preflight)).toEqual([403, null, "origin"]);
  // Without the header that asks for leave it is a request like any other.
  expect((await ask(path, NAMED, "OPTIONS"))[0]).toBe(405);
});

test("without the setting nobody is given leave", async () => {
  const { url } = await startService();
  expect(await ask(`${url}/v1/contracts`, NAMED)).toEqual([403, null, null]);
});
