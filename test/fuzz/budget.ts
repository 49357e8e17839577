import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { PATIENCE_MS } from "../patience.ts";

/** Where the random cases begin. Printed, and given with FUZZ_SEED it makes the same cases again. */
const SEED = Number(process.env["FUZZ_SEED"] ?? Math.trunc(Math.random() * 0x7fff_ffff));
/** How long each test goes on, in seconds; 0: as many cases as it says of itself. */
const SECONDS = Number(process.env["FUZZ_SECONDS"] ?? 0);

const CORPUS = join(import.meta.dirname, "corpus");

type Known<T> = { readonly why: string; readonly value: T };

type Tried<T> = {
  /** Cases of a usual run: what takes some seconds. */
  readonly runs: number;
  /** File of `corpus` whose cases are tried first: each was found, or is the smallest of its kind. */
  readonly corpus?: string;
  readonly cases: fc.Arbitrary<T>;
  readonly holds: (value: T) => Promise<void> | void;
};

/** The clock of a test that tries cases. */
export const CLOCK: { readonly timeout: number } = { timeout: 2 * PATIENCE_MS + 2_000 * SECONDS };

/** Tries what holds for any input: known cases first, then random ones. */
export async function tryCases<T>({ runs, corpus, cases, holds }: Tried<T>): Promise<void> {
  const examples = corpus === undefined ? [] : readCorpus<T>(corpus).map(({ value }): [T] => [value]);
  const budget: fc.Parameters<[T]> =
    SECONDS === 0
      ? // A case that is not over fails before the test's own clock, which would not say which one it was.
        { numRuns: runs + examples.length, interruptAfterTimeLimit: PATIENCE_MS, markInterruptAsFailure: true }
      : { numRuns: 1_000_000_000, interruptAfterTimeLimit: SECONDS * 1_000, markInterruptAsFailure: false };
  process.stderr.write(`FUZZ_SEED=${SEED}\n`);
  const property = fc.asyncProperty(cases, async (value) => holds(value));
  await fc.assert(property, { seed: SEED, examples, ...budget });
}

function readCorpus<T>(name: string): readonly Known<T>[] {
  const file = join(CORPUS, `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as readonly Known<T>[]) : [];
}

/** Cuts, repeats, and puts in what is near to it: what is wrong with texts that were nearly right. */
export function mutated(texts: fc.Arbitrary<string>, tokens: readonly string[], rounds = 4): fc.Arbitrary<string> {
  const token = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...tokens) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
  );
  const change = fc.record({
    kind: fc.constantFrom("insert", "replace", "delete", "repeat", "cut"),
    at: fc.nat(1_000_000),
    length: fc.oneof(fc.nat(3), fc.nat(40)),
    token,
  });
  return fc.tuple(texts, fc.array(change, { minLength: 1, maxLength: rounds })).map(([text, changes]) => {
    let now = text;
    for (const { kind, at: anywhere, length, token: put } of changes) {
      const at = now.length === 0 ? 0 : anywhere % (now.length + 1);
      const [before, part, after] = [now.slice(0, at), now.slice(at, at + length), now.slice(at + length)];
      if (kind === "insert") now = before + put + part + after;
      else if (kind === "replace") now = before + put + after;
      else if (kind === "delete") now = before + after;
      else if (kind === "repeat") now = before + part + part + after;
      else now = before;
    }
    return now;
  });
}
