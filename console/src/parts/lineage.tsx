import type { DecisionAndLineage } from "../api/types.ts";
import { Mark } from "./mark.tsx";
import { positionPath } from "./position.ts";
import { When } from "./when.tsx";

type Props = Pick<DecisionAndLineage, "redrives" | "corrections" | "firstFailed" | "corrects" | "fact" | "taken">;
type FactPlace = NonNullable<Props["fact"]>;
type TakenList = NonNullable<Props["taken"]>;

/** Where a record came from and what became of it later, by a redrive or a correction. */
export function Lineage({ redrives = [], corrections = [], firstFailed, corrects, fact, taken = [] }: Props) {
  const count = redrives.length + corrections.length + taken.length;
  if (count === 0 && firstFailed === undefined && corrects === undefined && fact === undefined) return null;
  return (
    <>
      <h2>Before and after</h2>
      <ul class="notes">
        {taken.length > 0 && (
          <li>
            Retention took of this decision:
            <Taken taken={taken} />
          </li>
        )}
        {fact !== undefined && (
          <li>
            The fact with its id is the record at <FactAt fact={fact} />
          </li>
        )}
        {firstFailed !== undefined && (
          <li>
            It failed first at{" "}
            <a
              href={`/r/kafka/${encodeURIComponent(firstFailed.topic)}/${firstFailed.partition}/${firstFailed.offset}`}
            >
              {firstFailed.topic}/{firstFailed.partition}@{firstFailed.offset}
            </a>{" "}
            {firstFailed.code !== null && <code>{firstFailed.code}</code>}, and was sent again by{" "}
            <a href={`/redrives/${firstFailed.plan}`}>plan {firstFailed.plan}</a>.
            <Taken taken={firstFailed.taken} />
          </li>
        )}
        {redrives.map(({ plan, outcome, code, factId, fact: other, taken: gone }) => (
          <li>
            Sent again by <a href={`/redrives/${plan}`}>plan {plan}</a>: <Outcome outcome={outcome} />{" "}
            {code !== null && <code>{code}</code>} {factId !== null && <code>{factId}</code>}
            <Taken taken={gone} />
            {other !== undefined && <TakenFact fact={other} />}
          </li>
        ))}
        {corrects !== undefined && (
          <li>
            It corrects {corrects.failure}, by {corrects.actor}, <When at={corrects.at} />: {corrects.reason}
            <Taken taken={corrects.taken} />
          </li>
        )}
        {corrections.map(({ actor, at, reason, outcome, offset, fact: other, taken: gone }) => (
          <li>
            Corrected by {actor}, <When at={at} />: {reason} {offset !== null && `(offset ${offset})`}{" "}
            <Outcome outcome={outcome} />
            <Taken taken={gone} />
            {other !== undefined && <TakenFact fact={other} />}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Where a fact lies that a record repeats or contradicts, and what retention took of it. */
function FactAt({ fact }: { readonly fact: FactPlace }) {
  const { topic, partition, offset, taken } = fact;
  const position = `${topic}/${partition}@${offset}`;
  return (
    <>
      <a href={positionPath(position)}>{position}</a>
      <Taken taken={taken} />
    </>
  );
}

/** The same, only where retention took something of it. */
function TakenFact({ fact }: { readonly fact: FactPlace }) {
  return (fact.taken ?? []).length === 0 ? null : (
    <>
      . The fact at <FactAt fact={fact} />
    </>
  );
}

/** What retention took of a place, when and by which term: nothing is simply absent. */
function Taken({ taken = [] }: { readonly taken?: TakenList | undefined }) {
  if (taken.length === 0) return null;
  return (
    <ul>
      {taken.map(({ what, at, actor, reason, gone }) => (
        <li>
          <Mark kind="info">{what}</Mark> {gone ? "taken" : "being taken"} by retention, <When at={at} />, {actor}:{" "}
          {reason}
        </li>
      ))}
    </ul>
  );
}

function Outcome({ outcome }: { readonly outcome: string }) {
  const kind =
    outcome === "stored" || outcome === "duplicate"
      ? "pass"
      : outcome === "failed" || outcome === "conflict"
        ? "fail"
        : "info";
  return <Mark kind={kind}>{outcome}</Mark>;
}
