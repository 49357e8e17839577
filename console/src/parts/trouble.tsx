import type { Asked } from "../api/use-answer.ts";
import { GiveKey } from "./give-key.tsx";
import { Mark } from "./mark.tsx";

/** What went wrong, in the words of the server, and what to do. */
export function Trouble({ of }: { readonly of: Pick<Asked<unknown>, "trouble" | "again"> }) {
  const { trouble, again } = of;
  if (trouble === null) return null;
  return (
    <div class="trouble" role="alert">
      {trouble.kind === "unreachable" ? (
        <p>
          <Mark kind="fail">
            {trouble.isSlow === true ? "The gateway did not answer in time." : "The gateway does not answer."}
          </Mark>{" "}
          It may be {trouble.isSlow === true ? "busy" : "starting again"}; this page asks until it does.
        </p>
      ) : (
        <>
          <p>
            <Mark kind="fail">{trouble.problem.detail}</Mark> <code>{trouble.problem.code}</code>
          </p>
          {trouble.problem.remedy !== undefined && <p>What to do: {trouble.problem.remedy}.</p>}
          {(trouble.problem.status === 401 || trouble.problem.code === "role") && <GiveKey />}
        </>
      )}
      <button type="button" onClick={again}>
        Ask again
      </button>
    </div>
  );
}
