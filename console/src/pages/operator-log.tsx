import type { OperatorAction } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { groupPath } from "../parts/group-cells.tsx";
import type { Column } from "../parts/rows.tsx";
import { List } from "../parts/list.tsx";
import { Title } from "../parts/title.tsx";
import { When } from "../parts/when.tsx";
import { useQuery } from "../shell/url-state.ts";

const COLUMNS: readonly Column<OperatorAction>[] = [
  { name: "Number", isNumber: true, cell: ({ seq }) => seq },
  { name: "Time", cell: ({ at }) => <When at={at} /> },
  {
    name: "Who",
    cell: ({ who, via, address }) =>
      `${who}${via === null ? "" : ` via ${via}`}${address === null ? "" : ` from ${address}`}`,
  },
  { name: "Action", cell: ({ action }) => <code>{action}</code> },
  { name: "Of", cell: (action) => <Target of={action} /> },
  { name: "Why", cell: ({ reason }) => <span class="detail">{reason}</span> },
];

/** What was acted on, with its page where it has one. */
function Target({ of: { action, target } }: { readonly of: OperatorAction }) {
  const text = <code class="detail">{target}</code>;
  if (action.startsWith("group-")) return <a href={groupPath({ fingerprint: target })}>{text}</a>;
  if (action.startsWith("redrive-")) return <a href={`/redrives/${encodeURIComponent(target)}`}>{text}</a>;
  return text;
}

/** Who did what, and why. Each entry holds the hash of the one before. */
export function OperatorLog() {
  const { query } = useQuery();
  const log = useAnswer("/v1/operator-log", query);
  const { value } = log;
  return (
    <>
      <Title aside={<CopyAs cli="sigma operator-log" path="/v1/operator-log" />}>Operator log</Title>
      <List
        of={log}
        rows={value?.actions ?? null}
        next={value?.next ?? null}
        caption="What operators did"
        columns={COLUMNS}
        keyOf={({ seq }) => String(seq)}
        empty={
          <Empty>
            Nobody did anything yet. Acknowledging a group, a redrive, an erasure, a revealed record and a key appear
            here.
          </Empty>
        }
      />
    </>
  );
}
