import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAccess } from "../../../src/access/access.ts";
import { openPeople, type PeopleOptions } from "../../../src/access/people/people.ts";
import { openEmbedded } from "../../embedded.ts";
import { freePorts } from "../../servers/ports.ts";
import { startChromium, type Chromium, type Page } from "../../servers/chromium.ts";
import { AUDIENCE, CLIENT, startOidc, type OidcServer } from "../../servers/oidc.ts";
import { get, serve, type Service } from "../service.ts";

let oidc: OidcServer;
let chromium: Chromium;
let port: number;
beforeAll(async () => {
  [port = 0] = await freePorts(1);
  oidc = await startOidc(`http://127.0.0.1:${port}/auth/callback`);
  chromium = await startChromium([]);
});
afterAll(async () => {
  await chromium.stop();
  await oidc.stop();
});

type Clock = { ms: number };

/** @param at the port; a browser is sent back to that of the provider's settings, others take a free one. */
async function start(clock: Clock | null = null, more: Partial<PeopleOptions> = {}, at = port): Promise<Service> {
  const embedded = await openEmbedded();
  const now = (): number => (clock === null ? Date.now() : clock.ms);
  const people = openPeople({
    issuer: oidc.issuer,
    audience: AUDIENCE,
    client: { ...CLIENT, redirectUrl: `http://127.0.0.1:${port}/auth/callback` },
    groupsClaim: "groups",
    roles: [
      ["admins", "admin"],
      ["on-call", "operator"],
      ["everybody", "viewer"],
    ],
    clockSkewSeconds: 30,
    session: { idleMs: 30 * 60_000, absoluteMs: 8 * 3_600_000 },
    now,
    ...more,
  });
  const access = openAccess({ reads: embedded.store.reads, now, noteUse: () => undefined, people });
  return serve(embedded, { http: { access }, port: at });
}

async function asked(url: string, token: string, path = "/v1/failures/groups"): Promise<readonly unknown[]> {
  const { status, body } = await get(`${url}${path}`, { authorization: `Bearer ${token}` });
  return [status, body["code"]];
}

describe("an access token of the provider", () => {
  test("is taken with the roles of its groups, and only as the standards have it", async () => {
    const { url } = await start();
    const ok = [200, undefined];
    const bad = [401, "bad-key"];
    expect(await asked(url, await oidc.token({ user: "ada" }))).toEqual(ok);
    expect(await asked(url, await oidc.token({ user: "bob" }))).toEqual([403, "role"]);
    expect(await asked(url, await oidc.token({ user: "ada" }), "/v1/operator-log")).toEqual(ok);
    expect(await asked(url, await oidc.token({ user: "ada", ttl: "-10" }))).toEqual(ok);
    expect(await asked(url, await oidc.token({ user: "ada", ttl: "-60" }))).toEqual([401, "key-ended"]);
    expect(await asked(url, await oidc.token({ user: "ada", aud: "urn:other" }))).toEqual(bad);
    expect(await asked(url, await oidc.token({ alg: "none" }))).toEqual(bad);
    const token = await oidc.token({ user: "bob" });
    const [head, , signature] = token.split(".");
    const claims = { iss: oidc.issuer, sub: "bob", aud: AUDIENCE, groups: ["admins"], iat: 1, exp: 9_999_999_999 };
    const forged = `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
    expect(await asked(url, forged)).toEqual(bad);
    expect(await asked(url, "a.b.c")).toEqual(bad);
    expect((await get(`${url}/v1/failures/groups`)).status).toBe(401);
  });

  test("is taken when its key is new, and no more when its key is withdrawn", async () => {
    const { url } = await start();
    const before = await oidc.token({ user: "ada" });
    expect(await asked(url, before)).toEqual([200, undefined]);
    await oidc.rotate(true);
    const after = await oidc.token({ user: "ada" });
    // A key that is not known makes the provider be asked, at most once in ten seconds.
    await expect.poll(async () => asked(url, after)).toEqual([200, undefined]);
    expect(await asked(url, before)).toEqual([401, "bad-key"]);
  });

  test("is not judged while the provider cannot be asked, which is said, and the gateway starts all the same", async () => {
    const [other] = await freePorts(1);
    const { url } = await start(null, { issuer: `http://127.0.0.1:${other}` });
    expect(await asked(url, await oidc.token({ user: "ada" }))).toEqual([503, "provider-away"]);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });
});

/** Signs in with a real browser, from a page of the gateway to the provider and back. */
async function signIn(url: string, name: string): Promise<Page> {
  const page = await chromium.open(`${url}/auth/login?to=/docs`);
  // The provider asks for the name once: then it knows the browser.
  await page.run(
    `const [form] = document.forms; if (form === undefined) return; form.login.value = ${JSON.stringify(name)}; form.querySelector('button').click();`,
  );
  await expect.poll(async () => page.run("return location.pathname;").catch(() => "")).toBe("/docs");
  return page;
}

describe("a session of a browser", () => {
  test("begins at the provider, is kept from scripts and from other sites, and changes nothing without its token", async () => {
    const { url } = await start();
    const page = await signIn(url, "ada");
    // The policy of /docs lets no script ask: a page of the console is of the same origin, as is this one.
    // Cookies know no ports: the provider's, on the same host, are among them.
    const session = (await page.cookies()).filter((one) => one.name.startsWith("sigma"));
    expect(session.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])).toEqual([
      ["sigma_session", true, "Strict"],
    ]);
    const cookie = `sigma_session=${session[0]?.value}`;
    const { body } = await get(`${url}/auth/session`, { cookie });
    expect(body).toMatchObject({ kind: "person", name: "ada@example.test", roles: ["operator", "viewer"] });
    const change = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (
        await fetch(`${url}/v1/failures/groups/${"0".repeat(32)}`, {
          method: "PATCH",
          headers: { cookie, "content-type": "application/json", ...headers },
          body: JSON.stringify({ reason: "x", state: "open" }),
        })
      ).status;
    const csrf = String(body["csrf"]);
    expect([
      await change({}),
      await change({ "x-csrf-token": `${csrf}x` }),
      await change({ "x-csrf-token": csrf }),
    ]).toEqual([403, 403, 404]);
    expect((await fetch(`${url}/auth/session`, { method: "DELETE", headers: { cookie } })).status).toBe(403);
    const out = await fetch(`${url}/auth/session`, { method: "DELETE", headers: { cookie, "x-csrf-token": csrf } });
    expect([out.status, out.headers.get("set-cookie")]).toEqual([204, expect.stringContaining("Max-Age=0")]);
  });

  test("ends when it is not used, and at its absolute end however much it is used", async () => {
    const clock = { ms: Date.now() };
    const { url } = await start(clock);
    const page = await signIn(url, "ada");
    const first = (await page.cookies()).find(({ name }) => name === "sigma_session");
    let cookie = `sigma_session=${first?.value}`;
    const began = clock.ms;
    const use = async (): Promise<number> => {
      const answer = await fetch(`${url}/v1/failures/groups`, { headers: { cookie } });
      const renewed = /sigma_session=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1];
      if (renewed !== undefined) cookie = `sigma_session=${renewed}`;
      return answer.status;
    };
    while (clock.ms < began + 8 * 3_600_000 - 20 * 60_000) {
      clock.ms += 20 * 60_000;
      expect(await use()).toBe(clock.ms < began + 8 * 3_600_000 ? 200 : 401);
    }
    const last = cookie;
    clock.ms = began + 8 * 3_600_000;
    expect(await use()).toBe(401);
    clock.ms = began + 30 * 60_000;
    cookie = `sigma_session=${first?.value}`;
    expect(await use()).toBe(401);
    expect(last).not.toBe(`sigma_session=${first?.value}`);
  });

  test("is of the gateway's own making: no attempt, no other secret's and no changed one is taken", async () => {
    const { url } = await start(null, {}, 0);
    const login = await fetch(`${url}/auth/login`, { redirect: "manual" });
    const attempt = /sigma_attempt=([^;]+)/.exec(login.headers.get("set-cookie") ?? "")?.[1] ?? "";
    expect(login.headers.get("location")).toContain("code_challenge_method=S256");
    const status = async (value: string): Promise<number> =>
      (await fetch(`${url}/v1/failures/groups`, { headers: { cookie: `sigma_session=${value}` } })).status;
    expect([await status(attempt), await status("x"), await status("")]).toEqual([401, 401, 401]);
    const callback = async (query: string, cookie: string): Promise<readonly unknown[]> => {
      const { status: code, body } = await get(`${url}/auth/callback${query}`, { cookie });
      return [code, body["code"]];
    };
    expect(await callback("?code=a&state=b", "")).toEqual([400, "sign-in"]);
    expect(await callback("?code=a&state=b", `sigma_attempt=${attempt}`)).toEqual([400, "sign-in"]);
    const state = new URL(login.headers.get("location") ?? "").searchParams.get("state");
    expect(await callback(`?code=a&state=${state}`, `sigma_attempt=${attempt}`)).toEqual([400, "sign-in"]);
    for (const to of ["//evil.example", "https://evil.example", "/\\evil.example"])
      expect((await fetch(`${url}/auth/login?to=${encodeURIComponent(to)}`, { redirect: "manual" })).status).toBe(400);
  });
});
