import { useState } from "preact/hooks";
import { send, type Outcome } from "../api/client.ts";
import type { Answers, WhatIf, WhatIfDetail } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { ContractTabs } from "../parts/contract-tabs.tsx";
import { CopyAs, quoted } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { fieldText } from "../parts/form-field.ts";
import { Loading } from "../parts/loading.tsx";
import { Mark, type MarkKind } from "../parts/mark.tsx";
import { counted, grouped } from "../parts/numbers.ts";
import { Rows, type Column } from "../parts/rows.tsx";
import { Select } from "../parts/select.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { When } from "../parts/when.tsx";
import { WhatIfReport } from "../parts/what-if-report.tsx";
import { useQuery } from "../shell/url-state.ts";

const EVERY_MS = 1_000;
const RECORDS = 1_000_000;

type Version = Answers["/v1/contracts/{subject}"]["versions"][number];

const KINDS: Readonly<Record<WhatIf["state"], MarkKind>> = {
  running: "info",
  done: "pass",
  cancelled: "muted",
  failed: "fail",
};

/** Past records of a contract, judged by a version that need not be live. */
export function ContractWhatIf({ subject = "" }: { readonly subject?: string }) {
  const { query, change } = useQuery();
  const contract = useAnswer("/v1/contracts/{subject}", { subject });
  const runs = useAnswer("/v1/what-ifs", {}, { everyMs: EVERY_MS });
  const own = (runs.value?.whatIfs ?? []).filter((one) => one.subject === subject);
  const id = query["run"] ?? own[0]?.id ?? "";
  const versions = contract.value?.versions ?? [];
  const [asked, setAsked] = useState<Asked | null>(null);
  const now = asked ?? firstAsked(subject, versions);
  return (
    <>
      <Title
        name={`What if, of ${subject}`}
        aside={now !== null && <CopyAs cli={cliOf(now)} path="/v1/what-ifs" body={bodyOf(now)} />}
      >
        {subject}
      </Title>
      <ContractTabs subject={subject} now="/what-if" />
      <p class="lead">
        What would another version have made of the records there were? Nothing is stored, and no live stream waits.
      </p>
      <Trouble of={contract} />
      {contract.value === null && contract.trouble === null && <Loading />}
      {now !== null && (
        <Ask
          asked={now}
          versions={versions}
          onChange={setAsked}
          onBegun={(run) => {
            runs.again();
            change({ run: run.id });
          }}
        />
      )}
      <Trouble of={runs} />
      {runs.value !== null && own.length === 0 && (
        <Empty command={now === null ? "npx sigma contract what-if --help" : `npx ${cliOf(now)}`}>
          This gateway judged nothing again yet. The button above does it here; a command does it anywhere:
        </Empty>
      )}
      {id !== "" && <Run key={id} id={id} />}
      {own.length > 1 && (
        <>
          <h2>Earlier ones</h2>
          <Rows
            caption={`What-ifs of ${subject} that this gateway remembers`}
            columns={RUNS}
            rows={own}
            keyOf={(run) => run.id}
            linkOf={(run) => `/contracts/${encodeURIComponent(subject)}/what-if?run=${run.id}`}
          />
        </>
      )}
    </>
  );
}

const RUNS: readonly Column<WhatIf>[] = [
  { name: "Began", cell: ({ startedAt }) => <When at={startedAt} /> },
  { name: "Judged by", cell: ({ version }) => version },
  { name: "State", cell: ({ state }) => <Mark kind={KINDS[state]}>{state}</Mark> },
  { name: "Records", isNumber: true, cell: ({ records }) => grouped(records) },
  { name: "Would fail", isNumber: true, cell: ({ newlyFailing }) => grouped(newlyFailing) },
];

type Asked = {
  readonly subject: string;
  readonly version: string;
  readonly of: string;
  readonly from: string;
  readonly records: string;
};

/** A draft is what one asks about; without one the highest version. */
function firstAsked(subject: string, versions: readonly Version[]): Asked | null {
  const version = versions.findLast(({ status }) => status === "draft") ?? versions.at(-1);
  if (version === undefined) return null;
  return { subject, version: String(version.version), of: "", from: "7d", records: String(RECORDS) };
}

function bodyOf({ subject, version, of, from, records }: Asked): object {
  return {
    subject,
    version: Number(version),
    ...(of === "" ? {} : { of: Number(of) }),
    from,
    records: Number(records),
  };
}

function cliOf({ subject, version, of, from }: Asked): string {
  const only = of === "" ? "" : ` --of ${subject}@${of}`;
  return `sigma contract what-if ${subject}@${version}${only} --from ${quoted(from)}`;
}

type AskProps = {
  readonly asked: Asked;
  readonly versions: readonly Version[];
  readonly onChange: (asked: Asked) => void;
  readonly onBegun: (run: WhatIf) => void;
};

function Ask({ asked, versions, onChange, onBegun }: AskProps) {
  const [outcome, setOutcome] = useState<Outcome<WhatIf> | null>(null);
  const options = versions.map(({ version, status }) => [String(version), `${version} ${status}`] as const);
  const begin = async (): Promise<void> => {
    const answer = await send<WhatIf>("POST", "/v1/what-ifs", bodyOf(asked));
    setOutcome(answer);
    if (answer.kind === "answer") onBegun(answer.value);
  };
  return (
    <form
      class="action"
      onInput={({ currentTarget }) => {
        const data = new FormData(currentTarget);
        const [version, of] = [fieldText(data, "version"), fieldText(data, "of")];
        onChange({ ...asked, version, of, from: fieldText(data, "from"), records: fieldText(data, "records") });
      }}
      onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <Select label="Judge by version" name="version" value={asked.version} options={options} />
      <Select
        label="Records that were judged by"
        name="of"
        value={asked.of}
        options={[["", "any version"], ...options]}
      />
      <label>
        From
        <input
          name="from"
          required
          defaultValue={asked.from}
          placeholder="7d, RFC 3339, topic/0@1000"
          autocomplete="off"
        />
      </label>
      <label>
        At most, records
        <input name="records" required inputMode="numeric" pattern="[1-9][0-9]{0,7}" defaultValue={asked.records} />
      </label>
      <button type="submit">Judge again</button>
      {outcome?.kind === "problem" && (
        <p role="alert">
          <Mark kind="fail">{outcome.problem.detail}</Mark> {outcome.problem.remedy}
        </p>
      )}
      {outcome?.kind === "unreachable" && <p role="alert">The gateway does not answer.</p>}
    </form>
  );
}

function Run({ id }: { readonly id: string }) {
  const [isOver, setOver] = useState(false);
  const run = useAnswer("/v1/what-ifs/{id}", { id }, isOver ? {} : { everyMs: EVERY_MS });
  const { value } = run;
  if (value !== null && (value.state !== "running") !== isOver) setOver(value.state !== "running");
  return (
    <>
      <Trouble of={run} />
      {value === null && run.trouble === null && <Loading />}
      {value !== null && <Standing run={value} again={run.again} />}
    </>
  );
}

function Standing({ run, again }: { readonly run: WhatIfDetail; readonly again: () => void }) {
  const { subject, version, state, records, newlyFailing, recordsMax, limited, trouble, report, startedAt } = run;
  const cancel = async (): Promise<void> => {
    await send("POST", `/v1/what-ifs/${encodeURIComponent(run.id)}/cancel`);
    again();
  };
  return (
    <section aria-label="The what-if">
      <h2>
        {subject}@{version}, of records {pastText(run.from)}
      </h2>
      <p aria-live="polite">
        <Mark kind={KINDS[state]}>{state}</Mark>: {counted(records, "record")} judged again,{" "}
        <strong>{grouped(newlyFailing)}</strong> that passed would fail. Began <When at={startedAt} />
        {limited && `; it ended at ${grouped(recordsMax)} records, and there may be more`}.
      </p>
      {state === "running" && (
        <>
          <progress aria-label="Judging" />
          <div class="actions">
            <button type="button" onClick={() => void cancel()}>
              Cancel: {counted(records, "record")} stay in the report
            </button>
          </div>
        </>
      )}
      {trouble !== null && (
        <p role="alert">
          <Mark kind="fail">{trouble.message}</Mark> <code>{trouble.code}</code> {trouble.remedy}
        </p>
      )}
      {report !== null && <WhatIfReport report={report} />}
    </section>
  );
}

/** Where the records begin, in words. @param from a position, a time, or how long ago. */
function pastText(from: string | null): string {
  if (from === null) return "from the beginning";
  return /^\d+[smhd]$/.test(from) ? `of the last ${from}` : `from ${from}`;
}
