import { useAnswer } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { GROUP_COLUMNS, groupPath } from "../parts/group-cells.tsx";
import { Loading } from "../parts/loading.tsx";
import { Mark } from "../parts/mark.tsx";
import { counted, grouped } from "../parts/numbers.ts";
import { Rows } from "../parts/rows.tsx";
import { Tile } from "../parts/tile.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { useRates } from "../parts/use-rates.ts";

const EVERY_MS = 2_000;
const TOP = 10;

/** What an operator looks at first: whether it runs, how much comes, and what fails. */
export function Overview() {
  const ready = useAnswer("/readyz", {}, { everyMs: EVERY_MS });
  const groups = useAnswer("/v1/failures/groups", { since: "24h", sort: "recent", limit: TOP }, { everyMs: EVERY_MS });
  const contracts = useAnswer("/v1/contracts", {}, { everyMs: 5 * EVERY_MS });
  const streams = ready.value?.streams ?? [];
  const { perSecond } = useRates(streams);
  const settled = streams.reduce((sum, { settledTo }) => sum + (settledTo ?? 0), 0);
  const standing = streams.filter(({ trouble }) => trouble !== null);
  const recent = (groups.value?.groups ?? []).reduce((sum, group) => sum + group.recent, 0);
  return (
    <>
      <Title
        aside={<CopyAs cli="sigma failures groups --since 24h" path="/v1/failures/groups?since=24h&sort=recent" />}
      >
        Overview
      </Title>
      <Trouble of={ready} />
      <dl class="tiles">
        <Tile name="Streams" value={ready.value === null ? null : grouped(streams.length)}>
          {standing.length === 0 ? (
            <Mark kind="pass">all run</Mark>
          ) : (
            <Mark kind="fail">{counted(standing.length, "stream")} in trouble</Mark>
          )}
        </Tile>
        <Tile name="Offsets settled" value={ready.value === null ? null : grouped(settled)}>
          in all streams
        </Tile>
        <Tile name="Now" value={perSecond === null ? null : grouped(Math.round(perSecond))}>
          offsets a second
        </Tile>
        <Tile name="Failures, 24 h" value={groups.value === null ? null : grouped(recent)}>
          {groups.value !== null && groups.value.total > TOP
            ? `in the ${TOP} largest of ${groups.value.total} groups`
            : "in all groups"}
        </Tile>
        <Tile name="Contracts" value={contracts.value === null ? null : grouped(contracts.value.contracts.length)}>
          {(contracts.value?.refused ?? []).length > 0 ? <Mark kind="warn">a change was refused</Mark> : "live"}
        </Tile>
      </dl>
      {standing.length > 0 && <StreamTroubles streams={standing} />}
      <h2>What needs you</h2>
      <Trouble of={groups} />
      {groups.value === null && groups.trouble === null && <Loading />}
      {groups.value?.groups.length === 0 && (
        <Empty command={`npx sigma ingest examples/shipments.ndjson --to ${location.origin}`}>
          No record failed in the last 24 hours. Failures appear here by what they have in common. To see some:
        </Empty>
      )}
      {groups.value !== null && groups.value.groups.length > 0 && (
        <Rows
          caption="Groups with the most failures in the last 24 hours"
          columns={GROUP_COLUMNS}
          rows={groups.value.groups}
          keyOf={({ fingerprint }) => fingerprint}
          linkOf={groupPath}
        />
      )}
    </>
  );
}

type Standing = {
  readonly topic: string;
  readonly partition: number;
  readonly state: string;
  readonly trouble: { readonly message: string; readonly remedy: string; readonly code: string } | null;
};

function StreamTroubles({ streams }: { readonly streams: readonly Standing[] }) {
  return (
    <div class="trouble" role="alert">
      {streams.map(({ topic, partition, state, trouble }) => (
        <p>
          <Mark kind="fail">
            {topic}/{partition} is {state}: {trouble?.message}
          </Mark>{" "}
          <code>{trouble?.code}</code> What to do: {trouble?.remedy}.
        </p>
      ))}
    </div>
  );
}
