import type { LedgerEntry } from "../api/types.ts";
import { pathOf } from "../api/client.ts";
import { useAnswer } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Hash } from "../parts/hash.tsx";
import { List } from "../parts/list.tsx";
import { Mark } from "../parts/mark.tsx";
import { grouped } from "../parts/numbers.ts";
import type { Column } from "../parts/rows.tsx";
import { Title } from "../parts/title.tsx";
import { useQuery } from "../shell/url-state.ts";
import { streamName } from "./ledger.tsx";

/** An entry, and whether the one that is shown below it is the one that it follows; null: that one is on another page. */
type Link = LedgerEntry & { readonly follows: boolean | null };

/** Of so many streams the name is looked for; that of an older one is its id. */
const STREAMS_MAX = 200;
const GENESIS = "0".repeat(64);

function linked(entries: readonly LedgerEntry[]): readonly Link[] {
  return entries.map((entry, index) => {
    const before = entries[index + 1];
    const follows =
      entry.seq === 0 ? entry.prevHash === GENESIS : before === undefined ? null : entry.prevHash === before.hash;
    return { ...entry, follows };
  });
}

const COLUMNS: readonly Column<Link>[] = [
  { name: "Entry", cell: ({ seq }) => seq },
  { name: "Kind", cell: ({ kind }) => kind },
  { name: "Offsets", cell: ({ from, to }) => (from === to ? "none" : `${from} to ${to - 1}`) },
  { name: "Passed", isNumber: true, cell: ({ passed }) => grouped(passed) },
  { name: "Failed", isNumber: true, cell: ({ failed }) => grouped(failed) },
  { name: "Hash", cell: ({ hash }) => <Hash of={hash} /> },
  {
    name: "Follows",
    cell: ({ follows, prevHash }) =>
      follows === null ? (
        <Hash of={prevHash} />
      ) : (
        <Mark kind={follows ? "pass" : "fail"}>{follows ? "yes" : "no"}</Mark>
      ),
  },
  { name: "Contracts", cell: ({ contractSet }) => <Hash of={contractSet} /> },
  { name: "Note", cell: ({ note }) => note !== null && note !== "" && <span class="detail">{note}</span> },
];

/** The links of one chain, the newest first. */
export function LedgerEntries() {
  const { query } = useQuery();
  const { stream = "", cursor } = query;
  const asked = useAnswer("/v1/ledger/entries", { stream, cursor });
  const streams = useAnswer("/v1/ledger", { limit: STREAMS_MAX });
  const known = streams.value?.streams.find((one) => one.stream === stream);
  return (
    <>
      <Title name="Entries" aside={<CopyAs cli="sigma audit" path={pathOf("/v1/ledger/entries", { stream })} />}>
        Entries of {known === undefined ? <code>{stream}</code> : streamName(known)}
      </Title>
      <p>
        <a href="/ledger">All streams</a>. An entry opens its proof: what it decided is decided again.
      </p>
      <List
        of={asked}
        rows={asked.value === null ? null : linked(asked.value.entries)}
        next={asked.value?.next ?? null}
        caption="Entries, the newest first"
        columns={COLUMNS}
        keyOf={({ seq }) => String(seq)}
        linkOf={({ from }) => `/ledger/proof?stream=${encodeURIComponent(stream)}&offset=${from}`}
        empty={<Empty>The stream has no entry yet.</Empty>}
      />
    </>
  );
}
