import type { Answers, CompatibilityVerdict, ContractDiff } from "../api/types.ts";
import { pathOf } from "../api/client.ts";
import { useAnswer } from "../api/use-answer.ts";
import { ContractTabs } from "../parts/contract-tabs.tsx";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Mark, type MarkKind } from "../parts/mark.tsx";
import { counted, grouped } from "../parts/numbers.ts";
import { Rows, type Column } from "../parts/rows.tsx";
import { Select } from "../parts/select.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { TryPayload } from "../parts/try-payload.tsx";
import { useQuery } from "../shell/url-state.ts";

type Change = ContractDiff["changes"][number];
type Version = Answers["/v1/contracts/{subject}"]["versions"][number];

const EFFECTS: Readonly<Record<Change["effect"], MarkKind>> = {
  narrows: "fail",
  changes: "warn",
  widens: "info",
  notes: "muted",
};

/** What changes of each effect do, after their number. */
const EFFECT_WORDS: readonly (readonly [Change["effect"], string])[] = [
  ["narrows", "narrow what is accepted"],
  ["widens", "widen it"],
  ["changes", "do both"],
  ["notes", "break nothing"],
];

/** What breaks somebody is read first. */
const RANKS: readonly Change["effect"][] = ["narrows", "changes", "widens", "notes"];

const COLUMNS: readonly Column<Change>[] = [
  { name: "Effect", cell: ({ effect }) => <Mark kind={EFFECTS[effect]}>{effect}</Mark> },
  { name: "Where", cell: ({ pointer }) => <code class="detail">{pointer === "" ? "/" : pointer}</code> },
  {
    name: "What changed",
    cell: ({ meaning, rule }) => (
      <span class="detail">
        {meaning} <code class="digest">{rule}</code>
      </span>
    ),
  },
  { name: "Before", cell: ({ before }) => before !== null && <code class="detail">{before}</code> },
  { name: "After", cell: ({ after }) => after !== null && <code class="detail">{after}</code> },
];

/** What changed between two versions, and what it breaks: proved, or shown by a payload that one can try. */
export function ContractDiffPage({ subject = "" }: { readonly subject?: string }) {
  const { query, change } = useQuery();
  const contract = useAnswer("/v1/contracts/{subject}", { subject });
  const versions = contract.value?.versions ?? [];
  const numbers = versions.map(({ version }) => String(version));
  const to = query["to"] ?? numbers.at(-1) ?? "";
  const from = query["from"] ?? numbers.findLast((one) => Number(one) < Number(to)) ?? "";
  const isPair = from !== "" && to !== "";
  const asked = pathOf("/v1/contracts/{subject}/diff", { subject, from, to });
  return (
    <>
      <Title
        name={`Diff of ${subject}`}
        aside={<CopyAs cli={isPair ? `sigma contract diff ${subject}@${from} ${subject}@${to}` : null} path={asked} />}
      >
        {subject}
      </Title>
      <ContractTabs subject={subject} now="/diff" />
      <Trouble of={contract} />
      {contract.value === null && contract.trouble === null && <Loading />}
      {contract.value !== null && !isPair && (
        <Empty command={`npx sigma contract new ${subject}`}>
          {subject} has one version, so there is nothing to compare. To begin the next one:
        </Empty>
      )}
      {isPair && (
        <>
          <div class="filter">
            <Select
              label="From"
              name="from"
              value={from}
              options={optionsOf(versions)}
              onChange={(one) => change({ from: one })}
            />
            <Select
              label="To"
              name="to"
              value={to}
              options={optionsOf(versions)}
              onChange={(one) => change({ to: one })}
            />
          </div>
          <Comparison subject={subject} from={from} to={to} versions={versions} />
        </>
      )}
    </>
  );
}

function optionsOf(versions: readonly Version[]): readonly (readonly [string, string])[] {
  return versions.map(({ version, status }) => [String(version), `${version} ${status}`]);
}

type Pair = {
  readonly subject: string;
  readonly from: string;
  readonly to: string;
  readonly versions: readonly Version[];
};

function Comparison({ subject, from, to, versions }: Pair) {
  const diff = useAnswer("/v1/contracts/{subject}/diff", { subject, from, to });
  const { value } = diff;
  const count = (effect: Change["effect"]): number => value?.changes.filter((one) => one.effect === effect).length ?? 0;
  return (
    <>
      <Trouble of={diff} />
      {value === null && diff.trouble === null && <Loading />}
      {value !== null && (
        <>
          <div class="columns">
            <Direction
              title={`Backward: can ${to} take what ${from} takes?`}
              verdict={value.backward}
              subject={subject}
              versions={versions}
            />
            <Direction
              title={`Forward: can ${from} take what ${to} takes?`}
              verdict={value.forward}
              subject={subject}
              versions={versions}
            />
          </div>
          <h2>
            {counted(value.changes.length + value.omitted, "change")}
            {value.changes.length > 0 &&
              `: ${EFFECT_WORDS.flatMap(([effect, words]) => (count(effect) > 0 ? [`${grouped(count(effect))} ${words}`] : [])).join(", ")}`}
          </h2>
          {value.changes.length === 0 && <p>The two versions say the same of every payload.</p>}
          {value.changes.length > 0 && (
            <Rows
              caption={`Changes from ${subject}@${from} to ${subject}@${to}`}
              columns={COLUMNS}
              rows={value.changes.toSorted((one, other) => RANKS.indexOf(one.effect) - RANKS.indexOf(other.effect))}
              keyOf={({ pointer, rule, before, after }) => [pointer, rule, before, after].join(" ")}
            />
          )}
          {value.omitted > 0 && <p>{counted(value.omitted, "more change")} not listed; the command lists all.</p>}
        </>
      )}
    </>
  );
}

const VERDICTS: Readonly<Record<CompatibilityVerdict["kind"], readonly [MarkKind, string]>> = {
  compatible: ["pass", "compatible, proved for every payload"],
  incompatible: ["fail", "incompatible, and this payload shows it"],
  unknown: ["warn", "neither proved nor refuted"],
};

type DirectionProps = {
  readonly title: string;
  readonly verdict: CompatibilityVerdict;
  readonly subject: string;
  readonly versions: readonly Version[];
};

function Direction({ title, verdict, subject, versions }: DirectionProps) {
  const { kind, accepts, refuses, witness, violations, undecided } = verdict;
  const [mark, words] = VERDICTS[kind];
  const isLive = (number: number): boolean =>
    versions.some(({ version, status }) => version === number && (status === "active" || status === "deprecated"));
  return (
    <section class="card">
      <h3>{title}</h3>
      <p>
        <Mark kind={mark}>{words}</Mark>
      </p>
      {witness !== null && (
        <>
          <pre class="raw">{witness}</pre>
          <p>
            {[accepts, refuses].map((version, index) => (
              <>
                {index > 0 && " · "}
                {isLive(version) ? (
                  <TryPayload contract={`${subject}@${version}`} text={witness}>
                    {`Try it under ${version}, which ${index === 0 ? "accepts" : "refuses"} it`}
                  </TryPayload>
                ) : (
                  <span class="aside">
                    {version} {index === 0 ? "accepts" : "refuses"} it; it is not live
                  </span>
                )}
              </>
            ))}
          </p>
        </>
      )}
      {kind === "incompatible" && witness === null && <p>The payload is too long to be shown; the command shows it.</p>}
      {violations.length > 0 && (
        <ul class="errors">
          {violations.map(({ pointer, detail, keyword, rule }) => (
            <li>
              <code>{rule ?? (pointer === "" || pointer === null ? "/" : pointer)}</code> {detail}{" "}
              {keyword !== null && <span class="aside">[{keyword}]</span>}
            </li>
          ))}
        </ul>
      )}
      {undecided.length > 0 && (
        <ul class="errors">
          {undecided.map(({ pointer, reason }) => (
            <li>
              <code>{pointer === "" ? "/" : pointer}</code> {reason}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
