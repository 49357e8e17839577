import { useAnswer } from "../api/use-answer.ts";
import { pathOf } from "../api/client.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Filter } from "../parts/filter.tsx";
import { GROUP_COLUMNS, groupPath } from "../parts/group-cells.tsx";
import { counted } from "../parts/numbers.ts";
import { List } from "../parts/list.tsx";
import { Title } from "../parts/title.tsx";
import { cliWith } from "../parts/cli.ts";
import { useQuery } from "../shell/url-state.ts";

const EVERY_MS = 2_000;
const FIELDS = [
  { name: "since", label: "Since", hint: "24h, 7d, a time" },
  { name: "code", label: "Code", hint: "schema" },
  { name: "contract", label: "Contract", hint: "shipment@1" },
  { name: "topic", label: "Topic", hint: "shipments" },
  { name: "state", label: "State", options: ["", "open", "acknowledged", "fixed-in", "muted"] },
  { name: "sort", label: "Largest", options: ["recent", "count", "last", "first"] },
] as const;

/** Failures by what they have in common. */
export function Groups() {
  const { query } = useQuery();
  const asked = { sort: "recent", ...query, limit: 50 };
  const groups = useAnswer("/v1/failures/groups", asked, { everyMs: EVERY_MS });
  return (
    <>
      <Title
        aside={
          <CopyAs
            cli={cliWith("sigma failures groups", query, ["cursor"])}
            path={pathOf("/v1/failures/groups", asked)}
          />
        }
      >
        Failures
      </Title>
      <Filter fields={FIELDS} />
      <p>
        {groups.value !== null && `${counted(groups.value.total, "group")}. `}
        <a href="/failures/all">Every failure, newest first</a>
      </p>
      <List
        of={groups}
        rows={groups.value?.groups ?? null}
        next={groups.value?.next ?? null}
        caption="Groups of failures"
        columns={GROUP_COLUMNS}
        keyOf={({ fingerprint }) => fingerprint}
        linkOf={groupPath}
        empty={
          <Empty command={`npx sigma ingest examples/shipments.ndjson --to ${location.origin}`}>
            No group passes this filter. A group holds the failures that break the same constraint of the same version.
            To make some:
          </Empty>
        }
      />
    </>
  );
}
