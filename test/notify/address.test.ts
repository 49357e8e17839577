import { lookup } from "node:dns/promises";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAddressRule, parseNetwork } from "../../src/notify/address.ts";
import { post, type HostAddress, type PostDeps, type Posted } from "../../src/notify/post.ts";
import { makeCertificates, type Certificates } from "../source/kafka/certificates.ts";
import { PATIENCE_MS } from "../patience.ts";
import { startReceiver } from "./receiver.ts";

describe("an address", () => {
  test.each([
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:0:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::a00:1",
    "100::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "4000::1",
    "localhost",
    "",
    "0x7f.1",
  ])("%s is refused", (address) => {
    expect(createAddressRule([])(address)).toBe("refused");
  });

  test.each(["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2606:4700:4700::1111", "2a00:1450::1"])(
    "%s is public",
    (address) => {
      expect(createAddressRule([])(address)).toBe("public");
    },
  );

  test("is allowed when it or its block is named, and no other is", () => {
    const rule = createAddressRule(["10.1.0.0/16", "127.0.0.1", "fd00::/8", "64:ff9b::/96"]);
    const found = ["10.1.2.3", "10.2.0.1", "127.0.0.1", "127.0.0.2", "fd12::1", "fc00::1", "64:ff9b::1", "8.8.8.8"];
    expect(found.map((address) => `${address} ${rule(address)}`)).toEqual([
      "10.1.2.3 allowed",
      "10.2.0.1 refused",
      "127.0.0.1 allowed",
      "127.0.0.2 refused",
      "fd12::1 allowed",
      "fc00::1 refused",
      "64:ff9b::1 allowed",
      "8.8.8.8 public",
    ]);
  });

  test("or block that is none is told apart", () => {
    const texts = [
      "10.0.0.0/8",
      "::1",
      "fe80::/10",
      "10.0.0.0/33",
      "::/129",
      "10.0.0",
      "host",
      "10.0.0.0/",
      "fe80::1%1",
    ];
    expect(texts.filter((text) => parseNetwork(text) === null)).toEqual([
      "10.0.0.0/33",
      "::/129",
      "10.0.0",
      "host",
      "10.0.0.0/",
      "fe80::1%1",
    ]);
  });
});

const ONE_WAY = new AbortController().signal;

async function posted(url: URL, changes: Partial<PostDeps> = {}): Promise<Posted> {
  const deps: PostDeps = {
    classify: createAddressRule([]),
    resolve: async (host) => lookup(host, { all: true }),
    ca: null,
    timeoutMs: PATIENCE_MS,
    ...changes,
  };
  return post(deps, { url, headers: {}, body: "{}" }, ONE_WAY);
}

/** The same place by another name. */
function at(url: URL, host: string): URL {
  const other = new URL(url);
  other.hostname = host;
  return other;
}

describe("a post", () => {
  test.each([
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "[::ffff:127.0.0.1]",
    "[::1]",
  ])("to a server at %s, which is no public address, is not sent", async (host) => {
    const receiver = await startReceiver([{ status: 200 }]);
    const outcome = await posted(at(receiver.url, host));
    expect(outcome).toMatchObject({ kind: "refused" });
    expect(outcome.kind === "refused" && outcome.why).toMatch(
      /is no public address; name it in notify.allow_addresses/,
    );
    expect(receiver.received).toEqual([]);
  });

  test("is sent to the address that was judged, whatever the name answers afterwards", async () => {
    const receiver = await startReceiver([{ status: 200 }]);
    const answers: HostAddress[][] = [
      [{ address: "127.0.0.1", family: 4 }],
      // Had the socket asked again, it would have got an address at which nothing listens.
      [{ address: "127.0.0.2", family: 4 }],
    ];
    let asked = 0;
    const resolve = async (): Promise<readonly HostAddress[]> => answers[asked++] ?? [];
    const outcome = await posted(at(receiver.url, "rebinding.example"), {
      classify: createAddressRule(["127.0.0.1"]),
      resolve,
    });
    expect(outcome).toEqual({ kind: "answered", status: 200, retryAfter: null });
    expect([asked, receiver.received[0]?.headers.host]).toEqual([1, `rebinding.example:${receiver.url.port}`]);
  });

  test("goes only to those addresses of a name that may be sent to", async () => {
    const receiver = await startReceiver([{ status: 200 }]);
    const mixed = ["10.0.0.1", "127.0.0.1", "::1"].map((address) => ({ address, family: address === "::1" ? 6 : 4 }));
    const url = at(receiver.url, "mixed.example");
    const rule = createAddressRule(["127.0.0.1"]);
    expect(await posted(url, { resolve: async () => mixed, classify: rule })).toMatchObject({ status: 200 });
    expect(await posted(url, { resolve: async () => mixed.toSpliced(1, 1), classify: rule })).toEqual({
      kind: "refused",
      why: "mixed.example is at 10.0.0.1, which is no public address; name it in notify.allow_addresses to allow it",
    });
  });

  test("without TLS to a public address is not sent", async () => {
    expect(await posted(new URL("http://8.8.8.8/hook"))).toEqual({
      kind: "refused",
      why: "8.8.8.8 is asked without TLS; write https, or name it in notify.allow_addresses",
    });
  });

  test("to a name that has no address is no answer, and so tried again", async () => {
    const resolve = async (): Promise<never> => {
      throw Object.assign(new Error("getaddrinfo ENOTFOUND secret.example"), { code: "ENOTFOUND" });
    };
    expect(await posted(new URL("https://secret.example/"), { resolve })).toEqual({ kind: "failed", why: "ENOTFOUND" });
  });

  test("to a name that nobody answers for ends in time", async () => {
    const resolve = async (): Promise<never> => new Promise(() => undefined);
    const outcome = await posted(new URL("https://slow.example/"), { resolve, timeoutMs: 50 });
    expect(outcome).toEqual({ kind: "failed", why: "no answer within 0.05 s" });
  });

  test("reads no more of an answer than it needs", async () => {
    const receiver = await startReceiver(
      [{ status: 200, headers: { "content-type": "text/plain" } }],
      null,
      10_000_000,
    );
    const outcome = await posted(receiver.url, { classify: createAddressRule(["127.0.0.1"]) });
    expect(outcome).toEqual({ kind: "answered", status: 200, retryAfter: null });
  });
});

describe("a post over TLS", () => {
  const directory = mkdtempSync(join(tmpdir(), "sigma-notify-"));
  let files: Certificates;
  const pem = (file: string): string => readFileSync(file, "utf8");
  const classify = createAddressRule(["127.0.0.1"]);
  const resolve = async (): Promise<readonly HostAddress[]> => [{ address: "127.0.0.1", family: 4 }];

  beforeAll(() => void (files = makeCertificates(directory)));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const secured = async () =>
    startReceiver([{ status: 200 }], { key: pem(files.client.key), cert: pem(files.client.cert) });

  test("is sent where the certificate is of a known authority and of the name that was asked", async () => {
    const receiver = await secured();
    const known = { classify, resolve, ca: pem(files.ca) };
    expect(await posted(at(receiver.url, "localhost"), known)).toMatchObject({ status: 200 });
    expect(await posted(receiver.url, known)).toMatchObject({ status: 200 });
  });

  test.each([
    ["by another authority", "otherCa", "localhost", /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$|^SELF_SIGNED/],
    ["by no authority that Node knows", null, "localhost", /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$|^SELF_SIGNED/],
    ["for another name", "ca", "other.example", /^ERR_TLS_CERT_ALTNAME_INVALID$/],
  ] as const)(
    "is not sent where the certificate is %s, also when the environment says not to verify",
    async (...given) => {
      const [, authority, host, why] = given;
      const receiver = await secured();
      const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
      try {
        const ca = authority === null ? null : pem(files[authority]);
        const outcome = await posted(at(receiver.url, host), { classify, resolve, ca });
        expect(outcome.kind === "failed" && outcome.why).toMatch(why);
        expect(receiver.received).toEqual([]);
      } finally {
        if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
        else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
      }
    },
  );
});
