import type { Readiness } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Mark, type MarkKind } from "../parts/mark.tsx";
import { grouped } from "../parts/numbers.ts";
import { Rows, type Column } from "../parts/rows.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { useRates } from "../parts/use-rates.ts";

const EVERY_MS = 2_000;

type Stream = Readiness["streams"][number];

const KINDS: Readonly<Record<Stream["state"], MarkKind>> = {
  starting: "info",
  running: "pass",
  paused: "warn",
  halted: "fail",
  stopped: "muted",
};

/** Every stream of this gateway: how far it is, how fast, and what stands in its way. */
export function Health() {
  const ready = useAnswer("/readyz", {}, { everyMs: EVERY_MS });
  const streams = ready.value?.streams ?? [];
  const rates = useRates(streams);
  const columns: readonly Column<Stream>[] = [
    { name: "Stream", cell: ({ topic, partition }) => `${topic}/${partition}` },
    { name: "State", cell: ({ state }) => <Mark kind={KINDS[state]}>{state}</Mark> },
    { name: "Settled to", isNumber: true, cell: ({ settledTo }) => (settledTo === null ? "" : grouped(settledTo)) },
    {
      name: "Per second",
      isNumber: true,
      cell: ({ topic, partition }) => {
        const rate = rates.of(topic, partition);
        return rate === null ? "" : grouped(Math.round(rate));
      },
    },
    {
      name: "Trouble",
      cell: ({ trouble }) =>
        trouble !== null && (
          <span>
            <code>{trouble.code}</code> {trouble.message}. What to do: {trouble.remedy}.
          </span>
        ),
    },
  ];
  return (
    <>
      <Title aside={<CopyAs cli="sigma status" path="/readyz" />}>Health</Title>
      <Trouble of={ready} />
      {ready.value === null && ready.trouble === null && <Loading />}
      {ready.value !== null && streams.length === 0 && (
        <Empty>
          This gateway has no stream. With Kafka another worker of the group may have them; with the embedded log, bind
          a topic to a contract.
        </Empty>
      )}
      {streams.length > 0 && (
        <Rows
          caption="Streams"
          columns={columns}
          rows={streams}
          keyOf={({ topic, partition }) => `${topic}/${partition}`}
        />
      )}
      <p>
        For programs: <a href="/readyz">/readyz</a>, <a href="/livez">/livez</a>, <a href="/metrics">/metrics</a>.{" "}
        <a href="/docs">The HTTP interface</a>.
      </p>
    </>
  );
}
