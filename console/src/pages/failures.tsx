import type { Failure } from "../api/types.ts";
import { pathOf } from "../api/client.ts";
import { useAnswer } from "../api/use-answer.ts";
import { cliWith } from "../parts/cli.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Filter } from "../parts/filter.tsx";
import { contractName } from "../parts/group-cells.tsx";
import type { Column } from "../parts/rows.tsx";
import { List } from "../parts/list.tsx";
import { Title } from "../parts/title.tsx";
import { When } from "../parts/when.tsx";
import { useQuery } from "../shell/url-state.ts";

const FIELDS = [
  { name: "since", label: "Since", hint: "1h" },
  { name: "until", label: "Until", hint: "2026-11-29T10:00Z" },
  { name: "code", label: "Code", hint: "schema" },
  { name: "group", label: "Group", hint: "fingerprint" },
  { name: "contract", label: "Contract", hint: "shipment@1" },
  { name: "topic", label: "Topic", hint: "shipments" },
  { name: "partition", label: "Partition", hint: "0" },
  { name: "origin", label: "Arrived at", hint: "orders/3@1042" },
  { name: "producer", label: "Producer", hint: "svc-a" },
  { name: "pointer", label: "Pointer", hint: "/weight_kg" },
  { name: "field", label: "Field", hint: "/destination=Dublin" },
  { name: "state", label: "State", options: ["", "open", "acknowledged", "fixed-in", "muted"] },
] as const;

/** The page of the record at a position. */
export function recordPath({ topic, partition, offset }: Pick<Failure, "topic" | "partition" | "offset">): string {
  return `/r/kafka/${encodeURIComponent(topic)}/${partition}/${offset}`;
}

export const FAILURE_COLUMNS: readonly Column<Failure>[] = [
  {
    name: "Position",
    cell: ({ topic, partition, offset }) => <span class="position">{`${topic}/${partition}@${offset}`}</span>,
  },
  { name: "Time", cell: ({ at }) => <When at={at} /> },
  { name: "Code", cell: ({ code }) => code },
  { name: "What is wrong", cell: ({ detail }) => <span class="detail">{detail}</span> },
  { name: "Contract", cell: ({ contract }) => contractName(contract) },
  { name: "Producer", cell: ({ producer }) => producer ?? "" },
];

/** Failures, newest first. */
export function Failures() {
  const { query } = useQuery();
  const failures = useAnswer("/v1/failures", { ...query, limit: 100 });
  const { value } = failures;
  return (
    <>
      <Title
        aside={<CopyAs cli={cliWith("sigma failures list", query, ["cursor"])} path={pathOf("/v1/failures", query)} />}
      >
        Failures, one by one
      </Title>
      <Filter fields={FIELDS} />
      <List
        of={failures}
        rows={value?.failures ?? null}
        next={value?.next ?? null}
        caption="Failures, newest first"
        columns={FAILURE_COLUMNS}
        keyOf={({ id }) => id}
        linkOf={recordPath}
        empty={
          <Empty command={`npx sigma ingest examples/shipments.ndjson --to ${location.origin}`}>
            {value === null || value.next === null
              ? "No failure passes this filter. To make some:"
              : `None among the ${value.looked} failures that this page looked at; the next page looks further.`}
          </Empty>
        }
      />
    </>
  );
}
