import { outdated } from "../gateway/decided.ts";
import type { Difference, PassedRow } from "../store/store.ts";
import { staging, writeAgain } from "./again.ts";
import type { Opened, RepairRun } from "./run.ts";

/**
 * Restores the facts of an entry. Where retention took them, or is taking them, the tombstones are what is restored. Floors are read
 * before a write, and again behind it: a fact that retention took in between becomes a tombstone again.
 * @param facts the records that the next entry records as stored.
 */
export async function restoreFactsOf(run: RepairRun, opened: Opened, facts: readonly PassedRow[]): Promise<void> {
  const { entry, collection } = opened;
  const place = { stream: entry.stream, seq: entry.seq, kind: "facts", collection } as const;
  const whole = await compare(run, opened, facts);
  // What is missing or changed may be what retention takes just now.
  const standing = (await (whole.size > 0 ? run.floors("read again") : run.floors())).standing(place);
  if (standing !== "kept") {
    const old = await compare(run, opened, facts.map(outdated));
    // One that is on its way out may be whole still.
    const left = new Map([...old].filter(([at]) => standing === "gone" || whole.has(at)));
    await write(run, opened, facts.map(outdated), left);
    return;
  }
  const written = await write(run, opened, facts, whole);
  if (written.length === 0 || (await run.floors("read again")).standing(place) === "kept") return;
  await staging(run.store.stageFacts(opened.note), written.map(outdated), async (all) =>
    run.store.replaceFacts(collection, all),
  );
}

async function compare(
  run: RepairRun,
  { note, collection }: Opened,
  rows: readonly PassedRow[],
): Promise<ReadonlyMap<number, Difference>> {
  const staged = run.store.reads.stageFacts(note);
  rows.forEach(staged.add);
  const differences = await run.store.reads.compareFacts(collection, staged);
  staged.release();
  return differences;
}

/** @returns the facts that were written. */
async function write(
  run: RepairRun,
  opened: Opened,
  rows: readonly PassedRow[],
  differences: ReadonlyMap<number, Difference>,
): Promise<readonly PassedRow[]> {
  const { note, collection } = opened;
  const { missing, changed } = await writeAgain(run, opened, "validated", rows, differences);
  await staging(run.store.stageFacts(note), missing, async (all) => run.store.insertFacts(collection, all));
  await staging(run.store.stageFacts(note), changed, async (all) => run.store.replaceFacts(collection, all));
  return [...missing, ...changed];
}
