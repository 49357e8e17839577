import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import {
  keyIdOf,
  lineHash,
  nextAnchor,
  parseAnchor,
  rotate,
  tiedKeys,
  type ChainEnd,
  type Rotation,
  type SigningKey,
} from "../../src/ledger/anchor.ts";
import { verifyAnchors, type AnchorPlace } from "../../src/ledger/anchor-chain.ts";

function newKey(): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { privateKey, id: keyIdOf(privateKey) ?? "" };
}

const AT = "2026-01-01T00:00:00.000Z";
const KEY = newKey();

/** A chain of so many anchors; the head of the only stream is the entry of the counter. */
function chainOf(
  length: number,
  {
    key = () => KEY,
    known = [],
    chain = "0f".repeat(16),
  }: {
    readonly key?: (counter: number) => SigningKey;
    readonly known?: readonly Rotation[];
    readonly chain?: string;
  } = {},
): { readonly lines: readonly string[]; readonly end: ChainEnd } {
  const lines: string[] = [];
  let end: ChainEnd | null = null;
  for (let counter = 0; counter < length; counter += 1) {
    const streams = [
      { stream: "log/topic/0", seq: counter, hash: lineHash(String(counter)), settledTo: BigInt(counter) },
    ];
    const terms = { key: key(counter), known, at: AT };
    const next = nextAnchor(end ?? { chain }, { streams, operator: { seq: 0, hash: lineHash("action") } }, terms);
    if (next === null) throw new Error("there is no way to this key");
    lines.push(next.line);
    end = next.end;
  }
  if (end === null) throw new Error("a chain has an end");
  return { lines, end };
}

function place(kind: AnchorPlace["kind"], lines: readonly string[], written: ChainEnd | null = null): AnchorPlace {
  return { name: kind, kind, lines: lines.map((text) => ({ text, whole: true })), written };
}

async function faultsOf(at: AnchorPlace, trusted: readonly string[] = [KEY.id], known: readonly Rotation[] = []) {
  const { faults } = await verifyAnchors([at], trusted, known);
  return faults.map(({ code }) => code);
}

describe("a chain of anchors", () => {
  test("is one line of RFC 8785 for each, and names what it was given", () => {
    const { lines } = chainOf(2);
    for (const [counter, line] of lines.entries()) {
      const read = parseAnchor(line);
      if (!read.ok) throw new Error(read.why);
      expect(line).not.toContain("\n");
      expect(read.anchor).toMatchObject({
        counter,
        key: KEY.id,
        streams: [{ seq: counter, settledTo: BigInt(counter) }],
      });
    }
  });

  test("does not survive a changed, added or missing character anywhere", async () => {
    const { lines } = chainOf(2);
    const [first = "", second = ""] = lines;
    const edit = fc.tuple(fc.nat(first.length - 1), fc.constantFrom("", "0", "1", "f", " ", "}", "\u0000", '"'));
    await fc.assert(
      fc.asyncProperty(edit, async ([at, put]) => {
        const edited = first.slice(0, at) + put + first.slice(at + 1);
        fc.pre(edited !== first);
        expect(await faultsOf(place("file", [edited, second]))).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["no JSON", "{", "is no JSON"],
    ["another JSON", "[]", "is no anchor"],
    ["a later format", '{"anchor":2}', "has format 2, and this program knows 1"],
    ["hostile keys", '{"__proto__":{"anchor":1},"anchor":1}', "is no anchor"],
    ["nothing", "", "is no JSON"],
  ])("%s is told in words", (_, line, why) => {
    expect(parseAnchor(line)).toEqual({ ok: false, why: expect.stringContaining(why) as string });
  });

  test("does not go on under a key that was not put in the place of its own", () => {
    expect(() => chainOf(2, { key: (counter) => (counter === 0 ? KEY : newKey()) })).toThrow("no way");
  });
});

describe("rotations", () => {
  const [second, third] = [newKey(), newKey()];
  const known = [rotate(KEY, second, AT), rotate(KEY, newKey(), AT), rotate(second, third, AT)];
  const keyOf = (counter: number): SigningKey => [KEY, second, third][counter] ?? third;

  test("lead from each key to each other one that they tie together", async () => {
    const { lines } = chainOf(4, { key: keyOf, known });
    for (const { id } of [KEY, second, third]) expect(await faultsOf(place("file", lines), [id])).toEqual([]);
    expect(await faultsOf(place("file", lines), [newKey().id])).toEqual(Array(3).fill("ANCHOR_SIGNATURE"));
  });

  test("count only when both keys signed them", () => {
    const [forger] = [newKey()];
    const forged = { ...rotate(KEY, forger, AT), signature: rotate(forger, forger, AT).signature };
    expect([...tiedKeys([KEY.id], [forged])]).toEqual([KEY.id]);
    const unasked = { ...rotate(forger, KEY, AT), accepted: rotate(forger, forger, AT).signature };
    expect([...tiedKeys([KEY.id], [unasked])]).toEqual([KEY.id]);
  });

  test("are not undone by whoever has an old key", async () => {
    const { lines, end } = chainOf(2, { key: keyOf, known });
    const heads = { streams: [], operator: null };
    const back = nextAnchor({ ...end, key: KEY.id, rotations: [] }, heads, { key: KEY, known: [], at: AT });
    expect(await faultsOf(place("file", [...lines, back?.line ?? ""]))).toEqual(["ANCHOR_CHAIN"]);
    expect(await faultsOf(place("topic", [...lines, back?.line ?? ""]))).toEqual(["ANCHOR_CHAIN"]);
  });
});

describe("a topic", () => {
  const { lines, end } = chainOf(4);
  const other = chainOf(2, { chain: "1e".repeat(16) });

  test("may have lost to compaction all but the last anchor of a chain, in whatever order chains lie", async () => {
    for (const left of [lines, lines.slice(3), lines.toSpliced(1, 1), [...other.lines, ...lines].toReversed()])
      expect(await faultsOf(place("topic", left, end))).toEqual([]);
    const { streams, ends } = await verifyAnchors([place("topic", [...lines.slice(3), ...other.lines])], [KEY.id], []);
    expect([[...(streams.get("log/topic/0")?.keys() ?? [])], ends.map(({ counter }) => counter)]).toEqual([
      [3, 0, 1],
      [3, 1],
    ]);
  });

  test("may have the same anchor twice, since a send whose answer is lost is sent again", async () => {
    expect(await faultsOf(place("topic", [...lines, ...lines]))).toEqual([]);
  });

  test("has lost what was written to it", async () => {
    expect(await faultsOf(place("topic", lines.slice(0, 3), end))).toEqual(["ANCHOR_CHAIN"]);
    expect(await faultsOf(place("topic", other.lines, end))).toEqual(["ANCHOR_CHAIN"]);
  });

  test("has two anchors for one place, or one that does not follow, or something else", async () => {
    const fork = nextAnchor(chainOf(3).end, { streams: [], operator: null }, { key: KEY, known: [], at: AT });
    expect(await faultsOf(place("topic", [...lines, fork?.line ?? ""]))).toContain("ANCHOR_CHAIN");
    const strange = nextAnchor(
      { ...end, hash: lineHash("other") },
      { streams: [], operator: null },
      { key: KEY, known: [], at: AT },
    );
    expect(await faultsOf(place("topic", [...lines, strange?.line ?? ""]))).toEqual(["ANCHOR_CHAIN"]);
    expect(await faultsOf(place("topic", [...lines, "something else"]))).toEqual(["ANCHOR_CHAIN"]);
  });
});
