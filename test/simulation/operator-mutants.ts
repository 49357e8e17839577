import type { Mutant } from "./mutant.ts";

const ERASE_ENTRY = "src/erase/erase-entry.ts";
const RETAIN = "src/retain/run.ts";
const STORE = "test/simulation/sim-store.ts";

/** Deliberate bugs of what people do beside the workers: erasing, repairing, taking away and redriving. */
export const OPERATOR_MUTANTS: readonly Mutant[] = [
  {
    name: "documents are erased before it is announced",
    file: ERASE_ENTRY,
    find: `      const refused = await announce(store, entry, { ...change, ranges: made.ranges }, who);`,
    replace: `      const early = made.records.filter(isErased).filter(isWanted);
      await replaceDocuments(store, { note, entry, next, collection: opened.collection }, early);
      const refused = await announce(store, entry, { ...change, ranges: made.ranges }, who);`,
    seed: 1098,
  },
  {
    name: "evidence is erased before it is announced",
    file: ERASE_ENTRY,
    find: `      const refused = await announce(store, entry, { ...change, ranges: made.ranges }, who);`,
    replace: `      await store.replaceEvidence(note.stream, seq, packed, packEvidence(after));
      const refused = await announce(store, entry, { ...change, ranges: made.ranges }, who);`,
  },
  {
    name: "an erasure is called done before its documents are erased",
    file: "src/erase/erase.ts",
    find: `    if ((isOnly && isDone(run, one)) || (await eraseOne(`,
    replace: `    if (true || (await eraseOne(`,
  },
  {
    name: "what others erased at the same time is written over",
    file: STORE,
    find: `if (!isDeepStrictEqual(state().evidence.get(key), before)) return "other";`,
    replace: ``,
    seed: 1830,
  },
  {
    name: "a repair brings an erased record back",
    file: "src/repair/repair.ts",
    find: `    if (now.equals(before)) return;`,
    replace: `    return;`,
    seed: 1276,
  },
  {
    name: "retention takes an entry more than it announced",
    file: RETAIN,
    find: `    if (entry.seq >= seq || signal.aborted) break;`,
    replace: `    if (entry.seq > seq || signal.aborted) break;`,
  },
  {
    name: "retention takes documents before it announces them",
    file: RETAIN,
    find: `  return recordWhen(store, see, () => {`,
    replace: `  const early = { ...planned, stream } as unknown as Floor;
  await takeAway(store, note, early, base, { operator, signal: new AbortController().signal }, 0);
  return recordWhen(store, see, () => {`,
  },
  {
    name: "retention is called done before its documents are gone",
    file: RETAIN,
    find: `      const done = await takeAway(store, note, floor, from, options, removed);`,
    replace: `      const done = { removed, fault: null };`,
  },
  {
    name: "two runs raise one floor",
    file: RETAIN,
    find: `    if (now !== base) return { refused: "" };`,
    replace: ``,
  },
  {
    name: "a repair brings back what retention took",
    file: "src/repair/repair.ts",
    find: `  if (book.standing(place) !== "kept" || !(await restore())) return;`,
    replace: `  if (!(await restore()) || book.standing(place) !== "kept") return;`,
  },
  {
    name: "an erasure brings back what retention took",
    file: ERASE_ENTRY,
    find: `collection }) !== "kept";`,
    replace: `collection }) === "leaving";`,
  },
  {
    name: "retention takes of the last entry, which nothing follows",
    file: RETAIN,
    find: `  const sealed = await sealBehind(store, note, seq - 1);`,
    replace: `  const sealed = null as string | null;`,
  },
  {
    name: "the audit misses no failure once retention took some of the stream",
    file: "src/operator/floors.ts",
    find: `      if (place.seq >= (highest.get(key)?.seq ?? 0)) return "kept";`,
    replace: `      if (!highest.has(key)) return "kept";`,
    seed: 140,
  },
  {
    name: "retention takes the evidence of an entry more than it announced",
    file: RETAIN,
    find: `    if (signal.aborted || entry.seq >= seq) break;`,
    replace: `    if (signal.aborted || entry.seq > seq) break;`,
  },
  {
    name: "retention takes evidence of which records are being erased",
    file: RETAIN,
    find: `    if (kind === "evidence" && isErasing)`,
    replace: `    if (kind === "evidence" && isErasing && seq < 0)`,
  },
  {
    name: "records are erased of evidence that retention takes",
    file: ERASE_ENTRY,
    find: `    floors.standing({ stream, seq, kind: "evidence", collection: "" }) === "kept"`,
    replace: `    seq >= 0`,
  },
  {
    name: "retention of evidence is called done, and the evidence stays",
    file: RETAIN,
    find: `    await store.dropEvidence(note.stream, entry.seq);`,
    replace: ``,
  },
  {
    name: "evidence goes before the facts that it says",
    file: RETAIN,
    find: `Number(a.kind === "evidence") - Number(b.kind === "evidence")`,
    replace: `Number(b.kind === "evidence") - Number(a.kind === "evidence")`,
  },
  {
    name: "a repair brings back facts that retention took",
    file: "src/repair/facts.ts",
    find: `    await write(run, opened, facts.map(outdated), left);`,
    replace: `    await write(run, opened, facts, whole);`,
  },
  {
    name: "retention takes the facts of an entry more than it announced",
    file: RETAIN,
    find: `    if (signal.aborted || entry.seq > seq - 1) break;`,
    replace: `    if (signal.aborted || entry.seq > seq) break;`,
  },
  {
    name: "a plan that is run twice decides twice",
    file: "src/failures/redrive/source.ts",
    find: `    id: redriveStreamId({ plan: id, source: number }),`,
    replace: `    id: redriveStreamId({ plan: Math.random() < 0.5 ? id : \`f\${id.slice(1)}\`, source: number }),`,
  },
  {
    name: "a runner goes on from the wrong position",
    file: "src/failures/redrive/source.ts",
    find: `offsetsFrom(page, from, limits);`,
    replace: `offsetsFrom(page, from + 1n, limits);`,
  },
  {
    name: "two plans of one contract run at a time",
    file: "src/failures/redrive/act.ts",
    find: `    if (blocker !== null) return contractBusy(standing, blocker);`,
    replace: ``,
  },
  {
    name: "a redrive is called done before its last batch",
    file: "src/failures/redrive/run.ts",
    find: `  const end = endOf(planned);`,
    replace: `  const end = BigInt(planned.to) - 1n;`,
  },
];
