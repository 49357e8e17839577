import type { FailureGroup } from "../api/types.ts";
import { Mark, type MarkKind } from "./mark.tsx";
import { grouped } from "./numbers.ts";
import type { Column } from "./rows.tsx";
import { When } from "./when.tsx";

const KINDS: Readonly<Record<FailureGroup["state"]["kind"], MarkKind>> = {
  open: "fail",
  acknowledged: "info",
  "fixed-in": "pass",
  muted: "muted",
};

/** The state of a group: a glyph and a word. */
export function StateMark({ state }: { readonly state: FailureGroup["state"] }) {
  const words = state.kind === "fixed-in" ? `fixed in ${state.version ?? "?"}` : state.kind;
  return <Mark kind={KINDS[state.kind]}>{words}</Mark>;
}

/** `shipment@1`, or words where no contract judged. */
export function contractName(contract: FailureGroup["contract"]): string {
  return contract === null ? "no contract" : `${contract.subject}@${contract.version}`;
}

/** The page of a group. */
export function groupPath({ fingerprint }: Pick<FailureGroup, "fingerprint">): string {
  return `/failures/g/${encodeURIComponent(fingerprint)}`;
}

export const GROUP_COLUMNS: readonly Column<FailureGroup>[] = [
  { name: "What is wrong", cell: ({ why, code }) => <span class="detail">{why ?? code}</span> },
  { name: "Contract", cell: ({ contract }) => contractName(contract) },
  { name: "Recent", isNumber: true, cell: ({ recent }) => grouped(recent) },
  { name: "All", isNumber: true, cell: ({ count }) => grouped(count) },
  { name: "Since", cell: ({ first }) => <When at={first} /> },
  { name: "Last", cell: ({ last }) => <When at={last} /> },
  { name: "State", cell: ({ state }) => <StateMark state={state} /> },
  { name: "Owner", cell: ({ owner }) => owner ?? "" },
];
