import fc from "fast-check";
import { expect, test } from "vitest";
import { createBsonWriter, writtenBytes } from "../../../src/store/mongodb/bson-writer.ts";
import { createFactWriter } from "../../../src/store/mongodb/fact-document.ts";
import { createFactReader, type ReadFact } from "../../../src/store/mongodb/fact-reader.ts";
import type { ValidatedRow } from "../../../src/store/store.ts";
import { validatedRow } from "../rows.ts";

const NOTE = { number: 7, stream: "s", topic: "orders", partition: 3 };

function factOf(row: ValidatedRow, number = 7): Buffer {
  const writer = createBsonWriter(256);
  createFactWriter()(writer, { ...NOTE, number }, row);
  return Buffer.from(writtenBytes(writer));
}

const bytes = fc.record({
  fact: fc.constantFrom("a", "b", "c"),
  offset: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  raw: fc.constantFrom('{"n":1}', '{"payload":{"payload":2}}', '{"source":{"offset":9}}', '{"text":"a longer one"}'),
  number: fc.constantFrom(7, 8),
  edit: fc.option(fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) })),
});

test("a fact reads the same behind any other as it does alone, also when somebody changed a byte of it", () => {
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 2, maxLength: 8 }), (facts) => {
      const behind = createFactReader();
      for (const { fact, offset, raw, number, edit } of facts) {
        const stored = factOf(validatedRow(fact, offset, { raw: Buffer.from(raw) }), number);
        if (edit !== null) stored[edit.at % stored.length] = edit.to;
        expect(attempt(() => behind(stored))).toEqual(attempt(() => createFactReader()(stored)));
      }
    }),
    { numRuns: 4_000 },
  );
});

/** A server stores nothing but documents: whether bytes that are none are refused or read as no fact is the same. */
function attempt(read: () => ReadFact | null): ReadFact | null {
  try {
    return read();
  } catch {
    return null;
  }
}
