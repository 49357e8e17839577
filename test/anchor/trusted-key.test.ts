import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeKey } from "../../src/anchor/keys.ts";
import { chooseTrustedKey } from "../../src/anchor/trusted-key.ts";
import { temporaryDirectory } from "../embedded.ts";

/** The file of a new key in a folder of its own, and its id. */
function newKey(): readonly [file: string, id: string] {
  const file = join(temporaryDirectory(), "key.pem");
  return [file, makeKey(file)?.id ?? ""];
}

describe("the key whose signature on anchors is trusted", () => {
  test("is the one of the gateway when no other is given", async () => {
    const [file, id] = newKey();
    expect(await chooseTrustedKey(file, undefined)).toEqual({ kind: "trusted", id });
  });

  test("is the one that is given, as text or as a file, whatever key the gateway has", async () => {
    const [own] = newKey();
    const [other, id] = newKey();
    const text = `${other}.pub`;
    writeFileSync(text, `${id}\n`);
    expect(await chooseTrustedKey(own, id)).toEqual({ kind: "trusted", id });
    expect(await chooseTrustedKey(own, text)).toEqual({ kind: "trusted", id });
    expect(await chooseTrustedKey("nowhere", id)).toEqual({ kind: "trusted", id });
  });

  test("is none when what is given is no key: the gateway's own does not take its place", async () => {
    const [own] = newKey();
    expect(await chooseTrustedKey(own, "nonsense")).toEqual({ kind: "no-public-key" });
  });

  test("is none when there is no key to read, and the trouble is told", async () => {
    expect(await chooseTrustedKey(join(temporaryDirectory(), "key.pem"), undefined)).toMatchObject({
      kind: "no-key-file",
      trouble: { code: "ANCHOR_KEY" },
    });
  });
});
