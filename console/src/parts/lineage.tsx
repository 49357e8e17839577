import type { DecisionAndLineage } from "../api/types.ts";
import { Mark } from "./mark.tsx";
import { When } from "./when.tsx";

type Props = Pick<DecisionAndLineage, "redrives" | "corrections" | "firstFailed" | "corrects" | "taken">;
type TakenList = NonNullable<Props["taken"]>;

/** Where a record came from and what became of it later, by a redrive or a correction. */
export function Lineage({ redrives = [], corrections = [], firstFailed, corrects, taken = [] }: Props) {
  const count = redrives.length + corrections.length + taken.length;
  if (count === 0 && firstFailed === undefined && corrects === undefined) return null;
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
        {redrives.map(({ plan, outcome, code, factId, taken: gone }) => (
          <li>
            Sent again by <a href={`/redrives/${plan}`}>plan {plan}</a>: <Outcome outcome={outcome} />{" "}
            {code !== null && <code>{code}</code>} {factId !== null && <code>{factId}</code>}
            <Taken taken={gone} />
          </li>
        ))}
        {corrects !== undefined && (
          <li>
            It corrects {corrects.failure}, by {corrects.actor}, <When at={corrects.at} />: {corrects.reason}
            <Taken taken={corrects.taken} />
          </li>
        )}
        {corrections.map(({ actor, at, reason, outcome, offset, taken: gone }) => (
          <li>
            Corrected by {actor}, <When at={at} />: {reason} {offset !== null && `(offset ${offset})`}{" "}
            <Outcome outcome={outcome} />
            <Taken taken={gone} />
          </li>
        ))}
      </ul>
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
