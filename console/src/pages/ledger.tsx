import { useLocation } from "preact-iso/router";
import type { Anchors, LedgerStream } from "../api/types.ts";
import { isKnown, useAnswer, type Asked } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { fieldText } from "../parts/form-field.ts";
import { Hash } from "../parts/hash.tsx";
import { List } from "../parts/list.tsx";
import { Mark } from "../parts/mark.tsx";
import { grouped } from "../parts/numbers.ts";
import type { Column } from "../parts/rows.tsx";
import { Title } from "../parts/title.tsx";
import { When } from "../parts/when.tsx";
import { useQuery } from "../shell/url-state.ts";

const EVERY_MS = 5_000;

const STREAMS: readonly Column<LedgerStream>[] = [
  { name: "Stream", cell: streamName },
  { name: "Entries", isNumber: true, cell: ({ entries }) => grouped(entries) },
  { name: "Settled to", isNumber: true, cell: ({ settledTo }) => (settledTo === null ? "" : grouped(settledTo)) },
  { name: "Newest record", cell: ({ newestAt }) => newestAt !== null && <When at={newestAt} /> },
  { name: "Head", cell: ({ hash }) => hash !== null && <Hash of={hash} /> },
  { name: "Engine", isNumber: true, cell: ({ engine }) => engine ?? "" },
];

const PLACES: readonly Column<Anchors["places"][number]>[] = [
  { name: "Place", cell: ({ place }) => <span class="detail">{place}</span> },
  {
    name: "Last written",
    cell: ({ writtenAt }) => (writtenAt === null ? "not since the gateway began" : <When at={writtenAt} />),
  },
  {
    name: "State",
    cell: ({ trouble, remark }) =>
      trouble !== null ? (
        <span class="detail">
          <Mark kind="fail">{trouble.message}</Mark> <code>{trouble.code}</code> What to do: {trouble.remedy}.
        </span>
      ) : remark === null ? (
        <Mark kind="pass">written</Mark>
      ) : (
        <Mark kind="warn">{remark}</Mark>
      ),
  },
  { name: "Signature of the last", cell: ({ signature }) => <Signature of={signature} /> },
];

/** What people call a stream. */
export function streamName({ topic, partition, plan }: Pick<LedgerStream, "topic" | "partition" | "plan">): string {
  return plan === null ? `${topic}/${partition}` : `redrive ${plan}`;
}

function Signature({ of: { kind, key, counter, why } }: { readonly of: Anchors["places"][number]["signature"] }) {
  if (kind === "verified")
    return (
      <span class="detail" title={key}>
        <Mark kind="pass">verified</Mark> number {grouped(counter ?? 0)}
      </span>
    );
  return (
    <span class="detail">
      <Mark kind={kind === "wrong" ? "fail" : "muted"}>{kind === "wrong" ? "wrong" : "not known"}</Mark> {why}
    </span>
  );
}

/** The page of the entries of a stream. */
function entriesPath({ stream }: Pick<LedgerStream, "stream">): string {
  return `/ledger/entries?stream=${encodeURIComponent(stream)}`;
}

/** The chains of the ledger, where their heads are kept outside the store, and how to prove one position or all of them. */
export function Ledger() {
  const { query } = useQuery();
  const ledger = useAnswer("/v1/ledger", { cursor: query["cursor"] }, { everyMs: EVERY_MS });
  const anchors = useAnswer("/v1/ledger/anchors", {}, { everyMs: EVERY_MS });
  return (
    <>
      <Title aside={<CopyAs cli="sigma audit" path="/v1/ledger" />}>Ledger</Title>
      <p class="lead">
        Every stream is a chain of entries. An entry holds what was decided and the hash of the entry before, so the
        head vouches for all of them.
      </p>
      <h2>Prove one record</h2>
      <ProveForm />
      <h2>Streams</h2>
      <List
        of={ledger}
        rows={ledger.value?.streams ?? null}
        next={ledger.value?.next ?? null}
        caption="Streams of the ledger, the newest first"
        columns={STREAMS}
        keyOf={({ stream }) => stream}
        linkOf={entriesPath}
        empty={
          <Empty command={`npx sigma ingest examples/shipments.ndjson --to ${location.origin}`}>
            Nothing was decided yet. To send some records:
          </Empty>
        }
      />
      {/* Shown when it is known what stands above: else it would move. */}
      {isKnown(ledger) && isKnown(anchors) && <Outside of={anchors} />}
    </>
  );
}

/** Where heads are kept outside the store, and how to check all of it. */
function Outside({ of: anchors }: { readonly of: Asked<Anchors> }) {
  const fallen = anchors.value?.fallen ?? [];
  return (
    <>
      <h2>Anchors</h2>
      {fallen.length > 0 && (
        <div class="trouble" role="alert">
          {fallen.map(({ stream, seq }) => (
            <p>
              <Mark kind="fail">
                The ledger of {stream} does not reach entry {seq}, which this gateway wrote.
              </Mark>{" "}
              Run <code>sigma audit --anchors</code>.
            </p>
          ))}
        </div>
      )}
      <List
        of={anchors}
        rows={anchors.value?.places ?? null}
        caption="Places where heads are kept outside the store"
        columns={PLACES}
        keyOf={({ place }) => place}
        empty={
          <Empty command="npx sigma keys new">
            No head was written outside the store since this gateway began. Set anchor.file or anchor.topic, and make
            the key that signs them:
          </Empty>
        }
      />
      <h2>Everything</h2>
      <Empty command="npx sigma audit --anchors">
        An audit decides every record again, compares every document, walks every chain and checks the signatures of the
        anchors. It reads the whole store, so it is a command:
      </Empty>
    </>
  );
}

/** Asks for a position, and leads to its proof. */
function ProveForm() {
  const { route } = useLocation();
  return (
    <form
      class="filter"
      onSubmit={(event) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        const asked = new URLSearchParams(
          ["topic", "partition", "offset"].map((name): [string, string] => [name, fieldText(data, name)]),
        );
        route(`/ledger/proof?${asked.toString()}`);
      }}
    >
      <label>
        Topic
        <input name="topic" required autocomplete="off" spellcheck={false} />
      </label>
      <label>
        Partition
        <input name="partition" required defaultValue="0" inputMode="numeric" pattern="[0-9]{1,9}" autocomplete="off" />
      </label>
      <label>
        Offset
        <input name="offset" required inputMode="numeric" pattern="[0-9]{1,18}" autocomplete="off" />
      </label>
      <button type="submit">Prove</button>
    </form>
  );
}
