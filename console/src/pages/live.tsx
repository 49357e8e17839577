import { useEffect, useRef, useState } from "preact/hooks";
import { pathOf } from "../api/client.ts";
import type { LiveRow } from "../api/types.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Filter } from "../parts/filter.tsx";
import { contractName } from "../parts/group-cells.tsx";
import { Mark, type MarkKind } from "../parts/mark.tsx";
import { counted, grouped, perSecond } from "../parts/numbers.ts";
import { RateChart } from "../parts/rate-chart.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { Tile } from "../parts/tile.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { useLive, type LiveState, type LiveView } from "../parts/use-live.ts";
import { When } from "../parts/when.tsx";
import { useShortcuts } from "../shell/shortcuts.ts";
import { useQuery } from "../shell/url-state.ts";
import { recordPath } from "./failures.tsx";

const FIELDS = [
  { name: "verdict", label: "Verdict", options: ["", "FAILED", "PASSED"] },
  { name: "contract", label: "Contract", hint: "shipment@1" },
  { name: "topic", label: "Topic", hint: "shipments" },
  { name: "partition", label: "Partition", hint: "0" },
  { name: "producer", label: "Producer", hint: "svc-a" },
  { name: "code", label: "Code", hint: "schema" },
] as const;

const COLUMNS: readonly Column<LiveRow>[] = [
  {
    name: "Position",
    cell: ({ topic, partition, offset }) => <span class="position">{`${topic}/${partition}@${offset}`}</span>,
  },
  { name: "Time", cell: ({ at }) => <When at={at} /> },
  {
    name: "Verdict",
    cell: ({ verdict }) => <Mark kind={verdict === "PASSED" ? "pass" : "fail"}>{verdict.toLowerCase()}</Mark>,
  },
  { name: "Contract", cell: ({ contract }) => contractName(contract) },
  {
    name: "What is wrong",
    cell: ({ detail, fingerprint }) =>
      detail !== null && (
        <span class="detail">
          {detail} {fingerprint !== null && <a href={`/failures/g/${encodeURIComponent(fingerprint)}`}>group</a>}
        </span>
      ),
  },
  { name: "Producer", cell: ({ producer }) => <span class="detail">{producer ?? ""}</span> },
  { name: "Key", cell: ({ key }) => <span class="detail">{key ?? ""}</span> },
];

const STATES: Readonly<Record<LiveState, { readonly kind: MarkKind; readonly words: string }>> = {
  connecting: { kind: "muted", words: "connecting" },
  live: { kind: "pass", words: "live" },
  stopped: { kind: "muted", words: "stopped" },
  hidden: { kind: "muted", words: "paused while the page is not seen" },
  away: { kind: "warn", words: "the gateway does not answer; it is asked again" },
  refused: { kind: "fail", words: "refused" },
};

/** How often somebody who hears the page is told what came. */
const SAID_MS = 5_000;

/** What this gateway decides, as it is stored. */
export function Live() {
  const { query } = useQuery();
  const [isOn, setOn] = useState(true);
  const filter = Object.fromEntries(FIELDS.flatMap(({ name }) => (query[name] ? [[name, query[name]]] : [])));
  const view = useLive(filter, isOn);
  const { state, rows, rates, matched, shown, isGap, refusal, again } = view;
  useShortcuts([{ keys: "s", does: "", run: () => setOn(!isOn) }]);
  const cli = query["verdict"] === "FAILED" ? "sigma failures tail" : "sigma top";
  return (
    <>
      <Title aside={<CopyAs cli={cli} path={pathOf("/v1/live", filter)} />}>Live</Title>
      <Filter fields={FIELDS} />
      <div class="actions">
        <button type="button" onClick={() => setOn(!isOn)}>
          {isOn ? "Stop" : "Start"}
        </button>
        <Mark kind={STATES[state].kind}>{STATES[state].words}</Mark>
        {matched > shown && (
          <span class="aside">
            a sample: 1 in {grouped(Math.round(matched / Math.max(1, shown)))} of {counted(matched, "record")}
          </span>
        )}
      </div>
      <Trouble of={{ trouble: refusal, again }} />
      <dl class="tiles">
        <Tile name="Decided" value={rates === null ? null : perSecond(rates.decided)}>
          a second, by this gateway
        </Tile>
        <Tile name="Failed" value={rates === null ? null : perSecond(rates.failed)}>
          a second
        </Tile>
        <Tile name="Here" value={grouped(rows.length)}>
          the newest of {counted(matched, "record")}
        </Tile>
      </dl>
      {refusal === null && <RateChart rates={rates} />}
      {isGap && (
        <p class="aside">
          Some records are not here: they came while this page was stopped, slow or away.{" "}
          <a href="/failures">Failures</a> has every one that failed.
        </p>
      )}
      <Said view={view} />
      {rows.length === 0 && refusal === null && (
        <Empty command={`npx sigma ingest examples/shipments.ndjson --to ${location.origin}`}>
          No record that passes this filter was decided since the page was opened. To send some:
        </Empty>
      )}
      {rows.length > 0 && (
        <Rows
          caption="Records, newest first"
          columns={COLUMNS}
          rows={rows}
          keyOf={(row) => recordPath(row)}
          linkOf={recordPath}
        />
      )}
    </>
  );
}

/** Says what came to who does not see the rows, and seldom enough to be heard. */
function Said({ view: { matched, state } }: { readonly view: LiveView }) {
  const now = useRef({ matched, state });
  now.current = { matched, state };
  const [words, setWords] = useState("");
  useEffect(() => {
    let before = now.current.matched;
    const timer = setInterval(() => {
      const came = now.current.matched - before;
      before = now.current.matched;
      setWords(came > 0 ? `${counted(came, "record")} came` : "");
    }, SAID_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="unseen" role="status">
      {words}
    </p>
  );
}
