import type { Mutant } from "./mutant.ts";
import { OPERATOR_MUTANTS } from "./operator-mutants.ts";

const INGEST = "src/gateway/ingest.ts";
const NEXT = "src/gateway/decide-next.ts";
const REDO = "src/gateway/redo.ts";
const REDECIDE = "src/gateway/redecide.ts";
const APPLY = "src/gateway/apply.ts";
const DECIDED = "src/gateway/decided.ts";
const STORE = "test/simulation/sim-store.ts";

/** Every deliberate bug. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "documents before the ledger",
    file: INGEST,
    find: `if (!(await claim(writes, entry, packed))) return { kind: "lost" };
      meter.lap("ledger");
      const applying = applyBatch(writes, collection, entry.seq, batch, looksFirstAfter(writes, takenShare));`,
    replace: `const applying = Promise.resolve(await applyBatch(writes, collection, entry.seq, batch, looksFirstAfter(writes, takenShare)));
      if (!(await claim(writes, entry, packed))) return { kind: "lost" };
      meter.lap("ledger");`,
  },
  {
    name: "no redo of the tail",
    file: INGEST,
    find: `const redone = await redoTail(store, stream, tail);`,
    replace: `const redone = { kind: "applied", resolved: NOTHING_APPLIED };`,
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
    file: REDO,
    find: `const set = await storedContractSet(store, tail.contractSet);`,
    replace: `const others = (await store.reads.contractSets()).filter(({ digest }) => digest !== tail.contractSet);
  const set = await storedContractSet(store, others[0]?.digest ?? tail.contractSet);`,
  },
  {
    name: "today's outcomes stand in redo, not the recorded ones",
    file: REDECIDE,
    find: `recorded[first + index] ?? "F"`,
    replace: `recorded[first + index] === "P" ? "F" : "P"`,
  },
  {
    name: "the evidence is that of another range",
    file: NEXT,
    find: `packEvidence(batch.evidence);`,
    replace: `packEvidence(batch.evidence.subarray(0, batch.evidence.length - 1));`,
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
    find: `if (isSamePosition(claim.position, holder.position)) return;`,
    replace: `if (true) return;`,
  },
  {
    name: "other content under a stored identity counts as a duplicate",
    file: APPLY,
    find: `const same = hasSameBytes(claim, holder) || hasSameContent(rowOf(), holder);`,
    replace: `const same = true;`,
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
    file: NEXT,
    find: `range: { from, to }, packed`,
    replace: `range: { from: read()[0]?.position.offset ?? from, to }, packed`,
  },
  {
    name: "the ids of a group of records are mixed up",
    file: DECIDED,
    find: `passedAs(record, one, ids[index] as MachineId)`,
    replace: `passedAs(record, one, ids.findLast((id) => id !== undefined) as MachineId)`,
  },
  {
    name: "a failure is named by its bytes, not by its position",
    file: DECIDED,
    find: `  const id = positionId(position);
  const occurrence`,
    replace: `  const id = hashBytes(raw);
  const occurrence`,
  },
  {
    name: "trouble in the middle of a batch skips the batch",
    file: INGEST,
    find: `      const done = await applying;`,
    replace: `      const nothing = { stored: 0, duplicates: 0, conflicts: 0, failures: new Map(), resolved: NOTHING_APPLIED };
      const done = await applying.catch(() => ({ kind: "applied", ...nothing }));`,
  },
  {
    name: "duplicates get no receipt",
    file: APPLY,
    find: `if (found.receipts.length > 0) await writes.insertReceipts(stream, found.receipts);`,
    replace: ``,
  },
  {
    name: "an entry says nothing of what applying the one before did",
    file: DECIDED,
    find: `    ...resolved,`,
    replace: `    applied: "",
    holders: "",`,
  },
  {
    name: "a redone entry is taken to have stored all that passed",
    file: INGEST,
    find: `  const { resolved, takenShare } = redone;`,
    replace: `  const { takenShare } = redone;
  const resolved = { applied: tail.outcomes.replaceAll("P", "S"), holders: "" };`,
  },
  {
    name: "evidence goes before the next entry is there",
    file: INGEST,
    find: `    if (!(await claim(writes, entry, packed))) return { kind: "lost" };`,
    replace: `    if (tail.note === EVIDENCE_DROPPED) await writes.dropEvidence(tail.stream, tail.seq);
    if (!(await claim(writes, entry, packed))) return { kind: "lost" };`,
  },
  {
    name: "a tail whose evidence went meanwhile is called damaged",
    file: REDO,
    find: `return isLast ? halted(`,
    replace: `return isLast || packed === null ? halted(`,
  },
  ...OPERATOR_MUTANTS,
  {
    name: "dirty tail read",
    file: STORE,
    find: `lastOf(durableState(), stream)`,
    replace: `lastOf(state, stream)`,
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
    find: `            settled = untilMajority();`,
    replace: `          const duplicate = result instanceof Set && result.size > 0;
          if (!(duplicate || result === "exists" || result instanceof Map)) settled = untilMajority();`,
    storms: true,
    seed: 1176,
  },
  {
    name: "the batch ahead begins where the one before it begins",
    file: INGEST,
    find: `ahead = begun(decide(entry.to));`,
    replace: `ahead = begun(decide(tail.to));`,
  },
  {
    name: "a redo counts failures again",
    file: STORE,
    find: `if (there !== undefined && there.seq >= seq) return;`,
    replace: ``,
  },
  {
    name: "conflicts are not counted",
    file: APPLY,
    find: `const conflicts = groupsOf(found.conflicts);`,
    replace: `const conflicts = groupsOf([]);`,
  },
  {
    name: "a redo counts volume again",
    file: STORE,
    find: `if (known !== undefined && known.seq >= seq) return;`,
    replace: ``,
  },
  {
    name: "a redo does not count volume, though the owner before may have crashed before it counted",
    file: APPLY,
    find: `tallies.length > 0 ? writes.countVolume(stream, seq, tallies) : undefined;`,
    replace: `tallies.length > 0 && looksFirst !== "for all" ? writes.countVolume(stream, seq, tallies) : undefined;`,
  },
  {
    name: "conflicts are counted as duplicates",
    file: APPLY,
    find: `taken.push({ cell, kind: same ? repeatKind(claim, holder) : "conflict" });`,
    replace: `taken.push({ cell, kind: repeatKind(claim, holder) });`,
  },
  {
    name: "what a redo finds stored already is counted as repeated",
    file: APPLY,
    find: `    if (isSamePosition(claim.position, holder.position)) return;`,
    replace: `    if (isSamePosition(claim.position, holder.position)) return void taken.push({ cell, kind: "redelivery" });`,
  },
  {
    name: "a redo counts a day again",
    file: STORE,
    find: `if (before !== undefined && before.seq >= seq) return;`,
    replace: ``,
  },
  {
    name: "failures are counted in the hour of the decision, not of their records",
    file: "src/gateway/group-tally.ts",
    find: `  const hour = hourOf(timestampMs);`,
    replace: `  const hour = hourOf(Date.now());`,
  },
  {
    name: "volume is counted in the hour of the decision, not of its records",
    file: "src/gateway/volume-tally.ts",
    find: `    const hour = hourOf(timestampMs);`,
    replace: `    const hour = hourOf(Date.now());`,
  },
  {
    name: "a record is counted in the hour of the one before it",
    file: "src/gateway/volume-tally.ts",
    find: `timestampMs < last.fromMs + HOUR_MS &&`,
    replace: `timestampMs < last.fromMs + 2 * HOUR_MS &&`,
  },
];
