import type { Redrive } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Mark, type MarkKind } from "../parts/mark.tsx";
import { grouped } from "../parts/numbers.ts";
import type { Column } from "../parts/rows.tsx";
import { List } from "../parts/list.tsx";
import { Title } from "../parts/title.tsx";
import { When } from "../parts/when.tsx";
import { useQuery } from "../shell/url-state.ts";

const EVERY_MS = 2_000;

const KINDS: Readonly<Record<Redrive["state"], MarkKind>> = {
  planned: "info",
  running: "info",
  paused: "warn",
  cancelled: "muted",
  done: "pass",
};

/** The state of a plan: a glyph and a word. */
export function PlanMark({ state }: Pick<Redrive, "state">) {
  return <Mark kind={KINDS[state]}>{state}</Mark>;
}

const COLUMNS: readonly Column<Redrive>[] = [
  { name: "Plan", cell: ({ id }) => id },
  { name: "State", cell: ({ state }) => <PlanMark state={state} /> },
  { name: "Records", isNumber: true, cell: ({ count }) => grouped(count) },
  { name: "Contracts", cell: ({ subjects }) => subjects.join(", ") },
  { name: "Planned", cell: ({ at }) => <When at={at} /> },
  { name: "By", cell: ({ actor }) => actor },
  { name: "Why", cell: ({ reason }) => <span class="detail">{reason}</span> },
];

/** Plans of records that are sent again. */
export function Redrives() {
  const { query } = useQuery();
  const redrives = useAnswer("/v1/redrives", query, { everyMs: EVERY_MS });
  const { value } = redrives;
  return (
    <>
      <Title aside={<CopyAs cli="sigma redrive status" path="/v1/redrives" />}>Redrives</Title>
      <List
        of={redrives}
        rows={value?.redrives ?? null}
        next={value?.next ?? null}
        caption="Redrive plans"
        columns={COLUMNS}
        keyOf={({ id }) => id}
        linkOf={({ id }) => `/redrives/${id}`}
        empty={
          <Empty command="npx sigma redrive plan --code schema --since 24h --reason 'the limit was wrong'">
            No record was sent again. A plan begins at a group of <a href="/failures">failures</a>, or with a command:
          </Empty>
        }
      />
    </>
  );
}
