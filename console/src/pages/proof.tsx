import type { PositionProof } from "../api/types.ts";
import { pathOf } from "../api/client.ts";
import { useAnswer } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Fact } from "../parts/fact.tsx";
import { Loading } from "../parts/loading.tsx";
import { Mark, type MarkKind } from "../parts/mark.tsx";
import { counted } from "../parts/numbers.ts";
import { Rows, type Column } from "../parts/rows.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { useQuery } from "../shell/url-state.ts";
import { recordPath } from "./failures.tsx";

type Check = PositionProof["checks"][number];

const KINDS: Readonly<Record<Check["result"], MarkKind>> = { ok: "pass", wrong: "fail", skipped: "muted" };
const STEPS: Readonly<Record<Check["step"], string>> = {
  chain: "The chain",
  evidence: "The records",
  decision: "The decisions",
  documents: "The documents",
  sealed: "The seal",
};

const CHECKS: readonly Column<Check>[] = [
  { name: "What", cell: ({ step }) => STEPS[step] },
  { name: "Result", cell: ({ result }) => <Mark kind={KINDS[result]}>{result}</Mark> },
  { name: "Why", cell: ({ says }) => <span class="detail">{says}</span> },
];

const FINDINGS: readonly Column<PositionProof["findings"][number]>[] = [
  { name: "Finding", cell: ({ code }) => <code>{code}</code> },
  { name: "Offset", isNumber: true, cell: ({ offset }) => offset ?? "" },
  { name: "What is wrong", cell: ({ message }) => <span class="detail">{message}</span> },
];

/** What the ledger says of a position, and whether that holds: everything is decided again when the page asks. */
export function ProofPage() {
  const { query } = useQuery();
  const { stream, topic, partition, offset = "" } = query;
  const named = { stream, topic, partition, offset };
  const asked = useAnswer("/v1/ledger/proof", named);
  const { value } = asked;
  return (
    <>
      <Title name="Proof" aside={<CopyAs cli="sigma audit" path={pathOf("/v1/ledger/proof", named)} />}>
        Proof of {value === null ? `offset ${offset}` : `${value.topic}/${value.partition}@${value.offset}`}
      </Title>
      <Trouble of={asked} />
      {value === null && asked.trouble === null && <Loading />}
      {value !== null && <Proved proof={value} />}
    </>
  );
}

function Proved({ proof }: { readonly proof: PositionProof }) {
  const { entry, before, behind, head, outcome, verified, checks, findings, topic, partition, offset, stream } = proof;
  return (
    <>
      <p class="lead">
        <Mark kind={verified ? "pass" : "fail"}>{verified ? "It holds" : "It does not hold"}</Mark>: entry {entry.seq}{" "}
        says {outcome === null ? "that no record is there" : outcome}.{" "}
        {outcome !== null && <a href={recordPath({ topic, partition, offset })}>The record</a>}
      </p>
      <Rows caption="What was looked at" columns={CHECKS} rows={checks} keyOf={({ step }) => step} />
      {findings.length > 0 && (
        <>
          <h2>{counted(findings.length, "finding")}</h2>
          <Rows
            caption="What is wrong"
            columns={FINDINGS}
            rows={findings}
            keyOf={({ code, seq, offset: at }) => `${code} ${seq} ${at}`}
          />
        </>
      )}
      <h2>The entry</h2>
      <dl class="facts">
        <Fact name="Stream">
          <a href={`/ledger/entries?stream=${encodeURIComponent(stream)}`}>{`${topic}/${partition}`}</a>{" "}
          <code>{stream}</code>
        </Fact>
        <Fact name="Offsets">
          {entry.from} to {entry.to - 1}: {counted(entry.passed, "record")} passed, {entry.failed} failed
        </Fact>
        <Fact name="Before">
          {before === null ? "nothing: it is the first" : <code>{`${before.seq} ${before.hash}`}</code>}
        </Fact>
        <Fact name="Hash">
          <code>{entry.hash}</code>
        </Fact>
        <Fact name="Behind">
          {behind === null ? "nothing yet: it is the last" : <code>{`${behind.seq} ${behind.hash}`}</code>}
        </Fact>
        <Fact name="Head">
          <code>{`${head.seq} ${head.hash}`}</code>
        </Fact>
        <Fact name="Records, SHA-256">
          <code>{entry.evidence}</code>
        </Fact>
        <Fact name="Decisions, root">
          <code>{entry.root}</code>
        </Fact>
        <Fact name="Contract set">
          <code>{entry.contractSet}</code>
        </Fact>
        <Fact name="Engine">{entry.engine}</Fact>
      </dl>
      <p class="aside">
        It proves this entry and its place between its neighbours. <code>sigma audit --anchors</code> proves the whole
        ledger, and that its end was not cut off.
      </p>
    </>
  );
}
