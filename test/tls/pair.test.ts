import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { readTlsPair } from "../../src/tls/pair.ts";
import { makeAuthority, temporary, type Made } from "./certificates.ts";

const read = async ({ cert, key }: Made, passphrase: string | null = null, clientCaFile: string | null = null) =>
  readTlsPair({ certFile: cert, keyFile: key, passphrase, clientCaFile });

/** Why the files cannot be used; null when they can. */
const why = async (...args: Parameters<typeof read>): Promise<string | null> => {
  const found = await read(...args);
  return found.kind === "pair" ? null : found.why;
};

test("a certificate and its key are a pair, with the names and the end of the certificate, and its key is in no printed form", async () => {
  const made = makeAuthority(temporary()).sign("gateway", { names: "DNS:gateway.example.com,IP:10.0.0.1" });
  const found = await read(made);
  if (found.kind !== "pair") throw new Error(found.why);
  const { names, beginsMs, endsMs } = found.pair.about;
  expect([names, endsMs - beginsMs]).toEqual(["DNS:gateway.example.com, IP Address:10.0.0.1", 2 * 86_400_000]);
  expect(inspect(found, { depth: 9, showHidden: true })).not.toContain("PRIVATE KEY");
  expect(found.pair.options()).toMatchObject({ minVersion: "TLSv1.2" });
});

test("an encrypted key needs its passphrase", async () => {
  const made = makeAuthority(temporary()).sign("gateway", { passphrase: "open sesame" });
  expect(await why(made, "open sesame")).toBeNull();
  expect(await why(made, "open barley")).toContain("or its passphrase is another");
  expect(await why(made)).toContain("holds no key in PEM that can be used");
});

test("what does not belong together, is cut short, is something else or is not there is said, and no byte of it", async () => {
  const directory = temporary();
  const authority = makeAuthority(directory);
  const [one, other] = [authority.sign("one"), authority.sign("other")];
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const pem = readFileSync(one.cert, "utf8");
  const cases: readonly (readonly [Made, string])[] = [
    [{ ...one, key: other.key }, "is not that of"],
    [{ ...one, cert: file("cut.pem", pem.slice(0, 300)) }, "holds no certificate in PEM"],
    [{ ...one, cert: file("damaged.pem", pem.replace(/\n.{9}/, "\nAAAAAAAAA")) }, "holds no certificate in PEM"],
    [{ ...one, cert: file("chain.pem", readFileSync(authority.cert, "utf8") + pem) }, "is not that of"],
    [{ ...one, cert: one.key }, "holds no certificate in PEM"],
    [{ ...one, key: one.cert }, "holds no key in PEM"],
    [{ ...one, key: file("empty.key", "") }, "holds no key in PEM"],
    [{ ...one, key: join(directory, "none.key") }, "cannot be read: it does not exist"],
  ];
  for (const [files, sentence] of cases) expect(await why(files)).toContain(sentence);
  expect(await why(one, null, one.key)).toContain("holds no certificates in PEM");
  expect(await why(one, null, authority.cert)).toBeNull();
});

test("the digest is that of the files: any change of them changes it, the key alone too", async () => {
  const authority = makeAuthority(temporary());
  const made = authority.sign("gateway");
  const digestOf = async (): Promise<string> => {
    const found = await read(made, null, authority.cert);
    return found.kind === "pair" ? found.pair.digest : found.digest;
  };
  const first = await digestOf();
  expect(await digestOf()).toBe(first);
  writeFileSync(made.key, `${readFileSync(made.key, "utf8")}\n`);
  expect(await digestOf()).not.toBe(first);
});
