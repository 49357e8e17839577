import type { Objective } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Mark } from "../parts/mark.tsx";
import type { Column } from "../parts/rows.tsx";
import { List } from "../parts/list.tsx";
import { Title } from "../parts/title.tsx";

const EVERY_MS = 5_000;

const COLUMNS: readonly Column<Objective>[] = [
  { name: "Objective", cell: ({ name }) => name },
  { name: "Promise", cell: ({ promise }) => <span class="detail">{promise}</span> },
  {
    name: "State",
    cell: ({ state }) => (
      <Mark kind={state === "met" ? "pass" : state === "breached" ? "fail" : "muted"}>
        {state === "no-data" ? "no data" : state}
      </Mark>
    ),
  },
  { name: "Good", isNumber: true, cell: ({ ratio }) => (ratio === null ? "" : percent(ratio)) },
  { name: "Target", isNumber: true, cell: ({ target }) => percent(target) },
  {
    name: "Budget left",
    isNumber: true,
    cell: ({ budgetLeft, state }) => (state === "no-data" ? "" : percent(budgetLeft)),
  },
  {
    name: "Alert",
    cell: ({ firing }) => (firing === null ? "none" : <Mark kind={firing === "page" ? "fail" : "warn"}>{firing}</Mark>),
  },
];

/** How the objectives stand: what was promised, what is left of the budget, what burns. */
export function Objectives() {
  const slo = useAnswer("/v1/slo", {}, { everyMs: EVERY_MS });
  const { value } = slo;
  return (
    <>
      <Title aside={<CopyAs cli={value?.objectives.length === 0 ? null : "sigma slo status"} path="/v1/slo" />}>
        Objectives
      </Title>
      <List
        of={slo}
        rows={value?.objectives ?? null}
        caption="Objectives"
        columns={COLUMNS}
        keyOf={({ name }) => name}
        empty={
          <Empty command="npx sigma slo --help">
            No objective is set. They are written into sigma.yaml under slo: a share that is to be good, over a window.
          </Empty>
        }
      />
    </>
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
