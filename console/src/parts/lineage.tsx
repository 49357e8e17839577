import type { DecisionAndLineage } from "../api/types.ts";
import { Mark } from "./mark.tsx";
import { When } from "./when.tsx";

type Props = Pick<DecisionAndLineage, "redrives" | "corrections" | "firstFailed" | "corrects">;

/** Where a record came from and what became of it later, by a redrive or a correction. */
export function Lineage({ redrives = [], corrections = [], firstFailed, corrects }: Props) {
  if (redrives.length + corrections.length === 0 && firstFailed === undefined && corrects === undefined) return null;
  return (
    <>
      <h2>Before and after</h2>
      <ul class="notes">
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
          </li>
        )}
        {redrives.map(({ plan, outcome, code, factId }) => (
          <li>
            Sent again by <a href={`/redrives/${plan}`}>plan {plan}</a>: <Outcome outcome={outcome} />{" "}
            {code !== null && <code>{code}</code>} {factId !== null && <code>{factId}</code>}
          </li>
        ))}
        {corrects !== undefined && (
          <li>
            It corrects {corrects.failure}, by {corrects.actor}, <When at={corrects.at} />: {corrects.reason}
          </li>
        )}
        {corrections.map(({ actor, at, reason, outcome, offset }) => (
          <li>
            Corrected by {actor}, <When at={at} />: {reason} {offset !== null && `(offset ${offset})`}{" "}
            <Outcome outcome={outcome} />
          </li>
        ))}
      </ul>
    </>
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
