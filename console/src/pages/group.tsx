import type { FailureGroupDetail } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Advice } from "../parts/advice.tsx";
import { PlanRedrive } from "../parts/plan-redrive.tsx";
import { ChangeGroup } from "../parts/change-group.tsx";
import { Fact } from "../parts/fact.tsx";
import { contractName, StateMark } from "../parts/group-cells.tsx";
import { Loading } from "../parts/loading.tsx";
import { counted, grouped } from "../parts/numbers.ts";
import { Rows } from "../parts/rows.tsx";
import { Words } from "../parts/words.tsx";
import { Title } from "../parts/title.tsx";
import { Trend } from "../parts/trend.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { When } from "../parts/when.tsx";
import { FAILURE_COLUMNS, recordPath } from "./failures.tsx";

const EVERY_MS = 5_000;

/** One group: why these failures belong together, since when, from whom, and what is done about them. */
export function GroupPage({ fingerprint = "" }: { readonly fingerprint?: string }) {
  const group = useAnswer("/v1/failures/groups/{fingerprint}", { fingerprint }, { everyMs: EVERY_MS });
  const { value } = group;
  return (
    <>
      <Title
        name={`Group ${fingerprint.slice(0, 8)}`}
        aside={
          <CopyAs
            cli={`sigma failures show ${fingerprint}`}
            path={`/v1/failures/groups/${encodeURIComponent(fingerprint)}`}
          />
        }
      >
        {value === null ? "Group" : `${value.why ?? value.code}, in ${contractName(value.contract)}`}
      </Title>
      <Trouble of={group} />
      {value === null && group.trouble === null && <Loading />}
      {value !== null && <Detail group={value} again={group.again} />}
    </>
  );
}

/** Two times, or one where they are the same. */
function Between({ first, last }: Pick<FailureGroupDetail, "first" | "last">) {
  if (first === last) return <When at={first} />;
  return (
    <>
      <When at={first} /> to <When at={last} />
    </>
  );
}

function Detail({ group, again }: { readonly group: FailureGroupDetail; readonly again: () => void }) {
  const { recipe, count, redriven, first, last, topics, owner, state, sample, trend, examples, notes, fingerprint } =
    group;
  return (
    <>
      <p class="lead">
        <Words text={recipe} />
      </p>
      <dl class="facts">
        <Fact name="State">
          <StateMark state={state} />
          {state.set !== undefined && (
            <span class="aside">
              {" "}
              by {state.set.actor}, <When at={state.set.at} />: {state.set.text}
            </span>
          )}
        </Fact>
        <Fact name="Failures">
          {grouped(count)}
          {redriven > 0 && ` and ${counted(redriven, "redriven record")} that failed again`}
        </Fact>
        <Fact name="First, last">
          <Between first={first} last={last} />
        </Fact>
        <Fact name="Topics">{topics.join(", ")}</Fact>
        <Fact name="Owner">{owner ?? "nobody"}</Fact>
        <Fact name="Fingerprint">
          <code>{fingerprint}</code>
        </Fact>
      </dl>
      <Trend points={trend} nowMs={Date.now()} />
      <ChangeGroup fingerprint={fingerprint} count={count} onChanged={again} />
      <PlanRedrive fingerprint={fingerprint} count={count} />
      <Advice fingerprint={fingerprint} />
      <h2>Among the newest {grouped(sample.looked)}</h2>
      <div class="columns">
        <Counted name="Producers" rows={sample.producers} />
        <Counted name="Values found" rows={sample.values} />
        <Counted name="Version declared by" rows={sample.declaredBy} />
      </div>
      <h2>Examples</h2>
      <Rows
        caption="Newest failures of the group"
        columns={FAILURE_COLUMNS}
        rows={examples}
        keyOf={({ id }) => id}
        linkOf={recordPath}
      />
      <p>
        <a href={`/failures/all?group=${encodeURIComponent(fingerprint)}`}>
          {count === 1 ? "The failure" : `All ${counted(count, "failure")}`} of the group
        </a>
      </p>
      {notes.length > 0 && <h2>Notes</h2>}
      <ul class="notes">
        {notes.map(({ actor, at, text }) => (
          <li>
            <strong>{actor}</strong> <When at={at} />
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

function Counted({
  name,
  rows,
}: {
  readonly name: string;
  readonly rows: readonly { readonly value: string; readonly count: number }[];
}) {
  return (
    <section>
      <h3>{name}</h3>
      {rows.length === 0 ? (
        <p class="aside">none is shown</p>
      ) : (
        <ul class="counted">
          {rows.map(({ value, count }) => (
            <li>
              <span class="value">{value}</span> <span class="number">{grouped(count)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
