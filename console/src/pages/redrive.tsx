import { useState } from "preact/hooks";
import type { RedrivePlanDetail } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { ActForm } from "../parts/act-form.tsx";
import { CopyAs } from "../parts/copy.tsx";
import { Fact } from "../parts/fact.tsx";
import { groupPath } from "../parts/group-cells.tsx";
import { Loading } from "../parts/loading.tsx";
import { counted, grouped } from "../parts/numbers.ts";
import { Rows, type Column } from "../parts/rows.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { When } from "../parts/when.tsx";
import { PlanMark } from "./redrives.tsx";

const EVERY_MS = 1_000;

type Group = RedrivePlanDetail["dryRun"]["groups"][number];

const GROUPS: readonly Column<Group>[] = [
  { name: "Group", cell: ({ code, pointer }) => `${code} ${pointer ?? ""}` },
  { name: "Contract", cell: ({ contract }) => contract ?? "" },
  { name: "Records", isNumber: true, cell: ({ count }) => grouped(count) },
];

/** One plan: what the dry run said, what became of the records, and what may be done now. */
export function RedrivePage({ plan = "" }: { readonly plan?: string }) {
  const redrive = useAnswer("/v1/redrives/{plan}", { plan }, { everyMs: EVERY_MS });
  const { value } = redrive;
  return (
    <>
      <Title
        name={`Redrive ${plan}`}
        aside={<CopyAs cli={`sigma redrive show ${plan}`} path={`/v1/redrives/${encodeURIComponent(plan)}`} />}
      >
        Redrive of {value === null ? plan : counted(value.count, "record")}
      </Title>
      <Trouble of={redrive} />
      {value === null && redrive.trouble === null && <Loading />}
      {value !== null && <Detail plan={value} again={redrive.again} />}
    </>
  );
}

function Detail({ plan, again }: { readonly plan: RedrivePlanDetail; readonly again: () => void }) {
  const { id, state, at, actor, reason, last, toVersion, dryRun, report, count, digest } = plan;
  return (
    <>
      <dl class="facts">
        <Fact name="State">
          <PlanMark state={state} />
          {last.at !== at && (
            <span class="aside">
              {" "}
              {last.action} by {last.actor}, <When at={last.at} />: {last.reason}
            </span>
          )}
        </Fact>
        <Fact name="Planned">
          <When at={at} /> by {actor}: {reason}
        </Fact>
        <Fact name="Judged by">
          {toVersion === null ? "the version that each record declares" : `version ${toVersion}`}
        </Fact>
        <Fact name="Plan, and its digest">
          <code>{id}</code> <code class="digest">{digest}</code>
        </Fact>
      </dl>
      <progress max={report.planned} value={report.handled} aria-label="Records that the run is through with" />
      <p>
        {grouped(report.handled)} of {counted(report.planned, "record")}: {grouped(report.stored)} stored,{" "}
        {grouped(report.duplicates)} duplicates, {grouped(report.conflicts)} conflicts, {grouped(report.failed)} failed
        again, {grouped(report.unavailable)} unavailable{report.pending > 0 && `, ${grouped(report.pending)} pending`}.
      </p>
      <Actions id={id} state={state} count={count} handled={report.handled} again={again} />
      {report.groups.length > 0 && (
        <>
          <h2>Failed again</h2>
          <Rows
            caption="Groups of records that failed again"
            columns={GROUPS}
            rows={report.groups}
            keyOf={({ fingerprint }) => fingerprint}
            linkOf={groupPath}
          />
        </>
      )}
      <h2>What the dry run said</h2>
      <p>
        {grouped(dryRun.passed)} would pass, {grouped(dryRun.failed)} would fail, {grouped(dryRun.conflicts)} would
        conflict, {grouped(dryRun.duplicates)} are facts already, {grouped(dryRun.repeats)} repeat another of the plan.
        Nothing of it is stored.
      </p>
      {dryRun.groups.length > 0 && (
        <Rows
          caption="Groups that would fail"
          columns={GROUPS}
          rows={dryRun.groups}
          keyOf={({ fingerprint }) => fingerprint}
          linkOf={groupPath}
        />
      )}
    </>
  );
}

type ActionsProps = {
  readonly id: string;
  readonly state: RedrivePlanDetail["state"];
  readonly count: number;
  readonly handled: number;
  readonly again: () => void;
};

const MAY: Readonly<Record<RedrivePlanDetail["state"], readonly ("run" | "pause" | "cancel")[]>> = {
  planned: ["run", "cancel"],
  running: ["pause", "cancel"],
  paused: ["run", "cancel"],
  cancelled: [],
  done: [],
};

function Actions({ id, state, count, handled, again }: ActionsProps) {
  const [action, setAction] = useState<"run" | "pause" | "cancel" | null>(null);
  const words = {
    run: `Run ${counted(count, "record")}`,
    pause: "Pause",
    cancel: handled === 0 ? "Cancel" : `Cancel: ${grouped(handled)} stay redriven`,
  };
  const done = (): void => {
    setAction(null);
    again();
  };
  return (
    <section aria-label="What may be done now">
      <div class="actions">
        {MAY[state].map((one) => (
          <button type="button" aria-expanded={action === one} onClick={() => setAction(action === one ? null : one)}>
            {words[one]}
          </button>
        ))}
      </div>
      {action !== null && MAY[state].includes(action) && (
        <ActForm
          key={action}
          label={words[action]}
          method="POST"
          path={`/v1/redrives/${encodeURIComponent(id)}/${action}`}
          fields={
            action === "run"
              ? [
                  { name: "expect", label: `Type ${count}`, hint: String(count) },
                  { name: "rate", label: "Records a second", hint: "no limit", isOptional: true },
                ]
              : []
          }
          bodyOf={({ expect, rate }) =>
            action === "run"
              ? { expect: Number(expect), ...(rate === undefined || rate === "" ? {} : { rate: Number(rate) }) }
              : {}
          }
          onDone={done}
        />
      )}
    </section>
  );
}
