import { relative, resolve } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { laneOf } from "./lanes.ts";

const ROOT = resolve(import.meta.dirname, "..");
/** It takes ten minutes: begun last, it would go on alone when everything else is done. */
const LONGEST = "test/simulation/simulation.test.ts";
/** Most of it waits for clients that read slowly, a minute and more, as no other file of its lane does. */
const WAITS = "test/http/connections.test.ts";
const RANKS = { servers: 1, long: 2, fast: 3 } as const;

/** Begins with the longest files, so that none of them is left over at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- It is vitest's method of this name, and no array's.
    const known = await super.sort(files);
    return known.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const file = relative(ROOT, moduleId).replaceAll("\\", "/");
  if (file === LONGEST) return 0;
  return RANKS[file === WAITS ? "long" : laneOf(file)];
}
