/**
 * A deliberate protocol bug: one edit of production code (or of the store's promises) that the simulation must catch.
 * The edit is made on the source text at load time, so a mutant always breaks the code that ships; one whose text is no
 * longer there fails loudly.
 */
export type Mutant = {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
};

const INGEST = "src/gateway/ingest.ts";
const TAIL = "src/gateway/tail.ts";
const APPLY = "src/gateway/apply.ts";
const DECIDED = "src/store/decided.ts";
const STORE = "test/simulation/sim-store.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    name: "documents before the ledger",
    file: INGEST,
    find: `if (!(await claim(writes, entry, packed))) return { kind: "lost" };
    return applyDraft(writes, collectionOf(set, stream.topic), draft);`,
    replace: `const done = await applyDraft(writes, collectionOf(set, stream.topic), draft);
    if (!(await claim(writes, entry, packed))) return { kind: "lost" };
    return done;`,
  },
  {
    name: "no redo of the tail",
    file: INGEST,
    find: `const redone = await redoTail(store, stream, tail);`,
    replace: `const redone = { kind: "applied", facts: () => [], failed: [] };`,
  },
  {
    name: "redo decides with today's contracts",
    file: INGEST,
    find: `const redone = await redoTail(store, stream, tail);`,
    replace: `const today = deps.contracts();
  await store.putContractSet(today.digest, today.text);
  const redone = await redoTail(store, stream, { ...tail, contractSet: today.digest });`,
  },
  {
    name: "redo decides with another contract set that the store has",
    file: TAIL,
    find: `const set = await loadContractSet(store, tail.contractSet);`,
    replace: `const others = (await store.reads.contractSets()).filter(({ digest }) => digest !== tail.contractSet);
  const set = await loadContractSet(store, others[0]?.digest ?? tail.contractSet);`,
  },
  {
    name: "today's outcomes stand in redo, not the recorded ones",
    file: TAIL,
    find: `pinDecision(record, decideRecord(record, set, store.refusalOf), recorded[index] ?? "F", tail, set);`,
    replace: `pinDecision(record, decideRecord(record, set, store.refusalOf), recorded[index] === "P" ? "F" : "P", tail, set);`,
  },
  {
    name: "the evidence is that of another range",
    file: INGEST,
    find: `packEvidence(draft.evidence);`,
    replace: `packEvidence(draft.evidence.subarray(0, draft.evidence.length - 1));`,
  },
  {
    name: "an entry is written without its evidence",
    file: INGEST,
    find: `if ((await writes.insertLedger(entry, packed)) === "inserted") return true;`,
    replace: `if ((await writes.insertLedger(entry, null)) === "inserted") return true;`,
  },
  {
    name: "no fence: a lost compare-and-swap is ignored",
    file: INGEST,
    find: `return there?.hash === entry.hash;`,
    replace: `return true;`,
  },
  {
    name: "a duplicate key is trusted blindly",
    file: APPLY,
    find: `if (isSamePosition(row, holder)) return true;`,
    replace: `if (true) return true;`,
  },
  {
    name: "other content under a stored identity counts as a duplicate",
    file: APPLY,
    find: `if (hasSameContent(row, holder, declared)) receipts.push`,
    replace: `if (true) receipts.push`,
  },
  {
    name: "the contract set is read again in the middle of a batch",
    file: INGEST,
    find: `if (entry.contractSet !== tail.contractSet)`,
    replace: `const again = await store.tail(stream.id);
  if (again !== null) Object.assign(entry, sealEntry({ ...entry, contractSet: deps.contracts().digest }));
  if (entry.contractSet !== tail.contractSet)`,
  },
  {
    name: "a contract set is used before it is stored",
    file: INGEST,
    find: `if (entry.contractSet !== tail.contractSet) await store.putContractSet(set.digest, set.text);`,
    replace: ``,
  },
  {
    name: "coverage begins at the first record, not at the position",
    file: DECIDED,
    find: `    from: range.from,
    to: range.to,`,
    replace: `    from: range.read()[0]?.position.offset ?? range.from,
    to: range.to,`,
  },
  {
    name: "a failure is named by its bytes, not by its position",
    file: DECIDED,
    find: `  const id = positionId(position);
  return { kind: "failed", id,`,
    replace: `  const id = rawHash;
  return { kind: "failed", id,`,
  },
  {
    name: "trouble in the middle of a batch skips the batch",
    file: INGEST,
    find: `    return applyDraft(writes, collectionOf(set, stream.topic), draft);`,
    replace: `    try {
      return await applyDraft(writes, collectionOf(set, stream.topic), draft);
    } catch {
      return { kind: "applied", stored: 0, duplicates: 0, conflicts: 0, failures: new Map(), facts: () => [], failed: [] };
    }`,
  },
  {
    name: "duplicates get no receipt",
    file: APPLY,
    find: `if (receipts.length > 0) await writes.insertReceipts(receipts);`,
    replace: ``,
  },
  {
    name: "dirty tail read",
    file: STORE,
    find: `lastOf(log.slice(0, majority), stream)`,
    replace: `lastOf(log, stream)`,
  },
  {
    name: "writes are acknowledged before a majority has them",
    file: STORE,
    find: `settled = untilMajority();`,
    replace: ``,
  },
  {
    name: "a duplicate key is trusted without waiting for its write concern",
    file: STORE,
    find: `          settled = untilMajority();`,
    replace: `          const duplicate = result instanceof Set && result.size > 0;
          if (!(duplicate || result === "exists" || result instanceof Map)) settled = untilMajority();`,
  },
];
