import { useState } from "preact/hooks";
import type { Answers, ShownSetting } from "../api/types.ts";
import { isKnown, useAnswer, type Asked } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Mark, type MarkKind } from "../parts/mark.tsx";
import { counted, grouped } from "../parts/numbers.ts";
import { Rows, type Column } from "../parts/rows.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { When } from "../parts/when.tsx";
import { Words } from "../parts/words.tsx";
import { useRates } from "../parts/use-rates.ts";

const EVERY_MS = 2_000;

type Stream = Answers["/v1/status"]["streams"][number];

const KINDS: Readonly<Record<Stream["state"], MarkKind>> = {
  starting: "info",
  running: "pass",
  paused: "warn",
  halted: "fail",
  stopped: "muted",
};

/** Every stream of this gateway: how far it is, how fast, and what stands in its way. */
export function Health() {
  const ready = useAnswer("/v1/status", {}, { everyMs: EVERY_MS });
  const config = useAnswer("/v1/config");
  // What stands below is shown when it is known what stands above it: else it would move.
  const isThere = isKnown(ready) && isKnown(config);
  const streams = ready.value?.streams ?? [];
  const rates = useRates(streams);
  return (
    <>
      <Title aside={<CopyAs cli="sigma status" path="/v1/status" />}>Health</Title>
      <Trouble of={ready} />
      {!isThere && <Loading />}
      {isThere && ready.value !== null && streams.length === 0 && (
        <Empty>
          This gateway has no stream. With Kafka another worker of the group may have them; with the embedded log, bind
          a topic to a contract.
        </Empty>
      )}
      {isThere && ready.value?.storeTrouble && (
        <p class="aside">
          The store does not answer: {ready.value.storeTrouble.message}. {ready.value.storeTrouble.remedy}.
        </p>
      )}
      {isThere && streams.length > 0 && (
        <Rows
          caption="Streams"
          columns={columnsOf(rates)}
          rows={streams}
          keyOf={({ topic, partition }) => `${topic}/${partition}`}
        />
      )}
      {isThere && ready.value !== null && (
        <p class="aside">
          Version {ready.value.version}, up since <When at={upSince(ready.value)} />;{" "}
          {counted(ready.value.decided.decided, "record")} decided since. <a href="/runbooks/README">All runbooks</a>
        </p>
      )}
      {isThere && (
        <>
          <Settings of={config} />
          <p>
            For programs: <a href="/readyz">/readyz</a>, <a href="/livez">/livez</a>, <a href="/metrics">/metrics</a>.{" "}
            <a href="/docs">The HTTP interface</a>.
          </p>
        </>
      )}
    </>
  );
}

function columnsOf(rates: ReturnType<typeof useRates>): readonly Column<Stream>[] {
  return [
    { name: "Stream", cell: ({ topic, partition }) => `${topic}/${partition}` },
    { name: "State", cell: ({ state }) => <Mark kind={KINDS[state]}>{state}</Mark> },
    { name: "Settled to", isNumber: true, cell: ({ settledTo }) => (settledTo === null ? "" : grouped(settledTo)) },
    {
      name: "Lag",
      isNumber: true,
      cell: ({ lag, lagSeconds }) =>
        lag === null
          ? "not known"
          : `${grouped(lag)}${lagSeconds === null || lag === 0 ? "" : `, ${grouped(Math.round(lagSeconds))} s old`}`,
    },
    {
      name: "Per second",
      isNumber: true,
      cell: ({ topic, partition }) => {
        const rate = rates.of(topic, partition);
        return rate === null ? "–" : grouped(Math.round(rate));
      },
    },
    {
      name: "Trouble",
      cell: ({ trouble }) =>
        trouble === null ? (
          "none"
        ) : (
          <span>
            <code>{trouble.code}</code> {trouble.message}. What to do: <Words text={trouble.remedy} />.{" "}
            <a href={runbookPath(trouble.runbook)}>Runbook</a>
          </span>
        ),
    },
  ];
}

const SETTINGS: readonly Column<ShownSetting>[] = [
  {
    name: "Setting",
    cell: ({ key, description }) => (
      <span title={description}>
        <code>{key}</code>
      </span>
    ),
  },
  { name: "Value", cell: ({ value }) => <span class="detail">{value}</span> },
  { name: "From", cell: ({ origin }) => <span class="detail">{origin}</span> },
];

/** The settings: those that somebody chose first, the others when they are asked for. */
function Settings({ of: config }: { readonly of: Asked<Answers["/v1/config"]> }) {
  const [isOpen, setOpen] = useState(false);
  const settings = config.value?.settings ?? [];
  const chosen = settings.filter(({ origin }) => origin !== "default");
  const others = settings.filter(({ origin }) => origin === "default");
  return (
    <>
      <h2>Configuration</h2>
      <Trouble of={config} />
      {config.value !== null && chosen.length === 0 && <p>Every setting has its default.</p>}
      {chosen.length > 0 && (
        <Rows caption="Settings that were chosen" columns={SETTINGS} rows={chosen} keyOf={({ key }) => key} />
      )}
      {others.length > 0 && (
        <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{counted(others.length, "setting")} with the default</summary>
          {isOpen && (
            <Rows caption="Settings with the default" columns={SETTINGS} rows={others} keyOf={({ key }) => key} />
          )}
        </details>
      )}
    </>
  );
}

/** The page of `docs/runbooks/breaker-open.md`. */
function runbookPath(file: string): string {
  return `/runbooks/${/([\w-]+)\.md$/.exec(file)?.[1] ?? "README"}`;
}

function upSince({ now, upSeconds }: Answers["/v1/status"]): string {
  return new Date(Date.parse(now) - upSeconds * 1_000).toISOString();
}
