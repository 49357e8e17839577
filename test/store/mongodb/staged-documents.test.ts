import fc from "fast-check";
import { BSON } from "mongodb";
import { expect, test } from "vitest";
import { writeFields } from "../../../src/store/mongodb/bson-writer.ts";
import {
  createBuffers,
  inIdOrder,
  stageDocuments,
  without,
  type Left,
} from "../../../src/store/mongodb/staged-documents.ts";

/** Documents of a few bytes or of some megabytes, of which a few fill a command. */
const sizes = fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(40) }, fc.constant(5_000_000)), { maxLength: 30 });

/** The commands hold the documents of these places, in this order. */
function expectDocuments({ commands, places }: Left, documents: readonly Buffer[]): void {
  const found = commands.flatMap(({ writer, starts }) =>
    starts.map((start, index) => Buffer.from(writer.bytes.subarray(start, starts[index + 1] ?? writer.size))),
  );
  expect(found.map((bytes, index) => bytes.equals(documents[places[index] ?? -1] as Buffer))).not.toContain(false);
  expect(found.length).toBe(places.length);
  expect(commands.map(({ starts }) => starts.length)).not.toContain(0);
}

test("staged documents without some of them are the others, in their order and with their places", () => {
  fc.assert(
    fc.property(sizes, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (drawn, left) => {
      const documents = drawn.map((size, place) => Buffer.from(BSON.serialize({ _id: place, text: "x".repeat(size) })));
      const staged = stageDocuments<Buffer>(createBuffers(), writeFields);
      documents.forEach(staged.add);
      const except = new Set([...drawn.keys()].filter((place) => left[place] === true));
      const rest = without(staged, except);
      expect(rest.places).toEqual([...drawn.keys()].filter((place) => !except.has(place)));
      expectDocuments(rest, documents);
    }),
    { numRuns: 100 },
  );
});

test("staged facts in the order of their ids are all but some, each with its place", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.uuid(), fc.boolean(), fc.nat(40)), { maxLength: 60 }), (drawn) => {
      const documents = drawn.map(([id, , size]) =>
        Buffer.from(BSON.serialize({ _id: new BSON.UUID(id), text: "x".repeat(size) })),
      );
      const staged = stageDocuments<Buffer>(createBuffers(), writeFields);
      documents.forEach(staged.add);
      const except = new Set([...drawn.keys()].filter((place) => drawn[place]?.[1] === true));
      const ordered = inIdOrder(staged, except, createBuffers());
      const left = [...drawn.keys()].filter((place) => !except.has(place));
      expect([...ordered.places].toSorted((a, b) => a - b)).toEqual(left);
      // The first bytes say the order.
      const heads = ordered.places.map((place) => drawn[place]?.[0].slice(0, 8) ?? "");
      expect(heads).toEqual(heads.toSorted());
      expectDocuments(ordered, documents);
    }),
  );
});

test("buffers of large batches are kept for the next ones, as long as all together are not too large", () => {
  const MB = 1_048_576;
  const buffers = createBuffers();
  const made = Array.from({ length: 3 }, () => buffers.take(24 * MB));
  made.forEach(buffers.give);
  const again = made.map(() => buffers.take(MB));
  expect(again.map(({ bytes }) => bytes.length / MB)).toEqual([24, 24, 1]);
  again.forEach(buffers.give);
  expect(again.map(() => buffers.take(MB).bytes.length / MB)).toEqual([1, 24, 24]);
});
