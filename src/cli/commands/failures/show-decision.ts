import { failureId, isNamed, type NamedPosition } from "../../../failures/failure-id.ts";
import { openLineage, type LineageView } from "../../../failures/lineage/lineage.ts";
import { holdsRedriven } from "../../../failures/redriven.ts";
import type { SettledRow } from "../../../store/store.ts";
import { print, printJsonValues, styled } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { lineageLines } from "./lineage-lines.ts";
import type { OpenFailures } from "./open-failures.ts";

/**
 * Shows a record that failed nowhere and has a history all the same: a fact that a redrive or a correction stored, or a duplicate.
 * @returns false where there is none.
 */
export async function showDecision(
  open: Pick<OpenFailures, "reads" | "lookup">,
  position: NamedPosition,
  { json }: { readonly json: boolean },
): Promise<boolean> {
  const { offset } = position;
  const lineageReads = openLineage(open);
  const named = (await open.reads.streamNotes()).filter((note) => isNamed(position, note));
  const rank = (note: (typeof named)[number]): number => Number(holdsRedriven(note));
  for (const stream of named.toSorted((a, b) => rank(a) - rank(b) || b.number - a.number)) {
    const [row] = await open.lookup.rows(stream.stream, offset, offset + 1n);
    if (row === undefined || row.kind === "failed") continue;
    const lineage = { redrives: [], corrections: [], ...(await lineageReads.ofRow(row)) };
    const lines = lineageLines(lineage);
    if (lines.length === 0) continue;
    showRow(failureId({ stream, offset }), row, lineage, json ? null : lines);
    return true;
  }
  return false;
}

/** @param lines what is told to people; null for JSON. */
function showRow(
  id: string,
  row: Exclude<SettledRow, { readonly kind: "failed" }>,
  lineage: LineageView,
  lines: readonly string[] | null,
): void {
  const { contract, kind } = row;
  const duplicate = kind === "receipt";
  const factId = duplicate ? row.duplicateOf : row.id;
  if (lines === null)
    return printJsonValues({ kind: "decision", id, status: "PASSED", duplicate, factId, contract, ...lineage });
  print(`${styled("bold", plainText(id))}  ${styled("green", duplicate ? "DUPLICATE" : "PASSED")}`);
  print("");
  print(`fact       ${factId}`);
  print(`contract   ${plainText(`${contract.subject}@${contract.version}`)}`);
  lines.forEach(print);
}
