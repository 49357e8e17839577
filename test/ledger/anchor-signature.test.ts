import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { keyIdOf, lineHash, nextAnchor, parseAnchor, rotate, type SigningKey } from "../../src/ledger/anchor.ts";
import { judgeSignature, type LastAnchor } from "../../src/ledger/anchor-signature.ts";

function newKey(): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { privateKey, id: keyIdOf(privateKey) ?? "" };
}

const AT = "2026-01-01T00:00:00.000Z";
const CHAIN = "0f".repeat(16);
const [KEY, OTHER] = [newKey(), newKey()];
const WRITTEN = { chain: CHAIN, counter: 0 };

function lastOf(key: SigningKey, at = AT): LastAnchor {
  const next = nextAnchor({ chain: CHAIN }, { streams: [], operator: null }, { key, known: [], at });
  const read = parseAnchor(next?.line ?? "");
  if (!read.ok) throw new Error(read.why);
  return { anchor: read.anchor, signature: read.signature, hash: lineHash(next?.line ?? "") };
}

describe("the last anchor of a place", () => {
  const last = lastOf(KEY);

  test("is verified by the key that signed it, and by one that a rotation ties to it", () => {
    const verified = { kind: "verified", key: KEY.id, counter: 0, at: AT };
    expect(judgeSignature(last, null, KEY.id, [])).toEqual(verified);
    expect(judgeSignature(last, { ...WRITTEN, hash: last.hash }, OTHER.id, [rotate(KEY, OTHER, AT)])).toEqual(verified);
  });

  test("is wrong by another key, and where a byte of it was changed", () => {
    expect(judgeSignature(last, null, OTHER.id, [])).toEqual({
      kind: "wrong",
      why: `is signed by ${KEY.id}, which is not the key here, nor tied to it by a rotation`,
    });
    const changed = { ...last, anchor: { ...last.anchor, at: "2026-01-02T00:00:00.000Z" } };
    expect(judgeSignature(changed, null, KEY.id, [])).toEqual({ kind: "wrong", why: "does not have its signature" });
  });

  test("is wrong where the note beside the key knows of more, or of another; one that is newer than the note is not", () => {
    const hash = lineHash("another");
    const judged = [
      { ...WRITTEN, counter: 2, hash },
      { ...WRITTEN, hash },
      { ...WRITTEN, counter: -1, hash },
    ].map((written) => judgeSignature(last, written, KEY.id, []));
    expect(judged).toEqual([
      { kind: "wrong", why: "is number 0, and number 2 was written" },
      { kind: "wrong", why: "is another than was written" },
      expect.objectContaining({ kind: "verified" }),
    ]);
  });

  test("is missed where one was written, and not where none was", () => {
    const hash = lineHash("x");
    expect(judgeSignature(null, { ...WRITTEN, hash }, KEY.id, [])).toEqual({
      kind: "wrong",
      why: "is missing: anchor 0 was written",
    });
    expect(judgeSignature(null, null, KEY.id, [])).toEqual({ kind: "unknown", why: "no anchor is there" });
  });
});
