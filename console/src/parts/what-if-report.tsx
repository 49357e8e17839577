import type { FlipGroup, WhatIfDetail } from "../api/types.ts";
import { positionPath } from "./position.ts";
import { counted, grouped } from "./numbers.ts";
import { Rows, type Column } from "./rows.tsx";

type Report = NonNullable<WhatIfDetail["report"]>;
type Cell = keyof FlipGroup["counts"];

const CELLS: readonly (readonly [Cell, string])[] = [
  ["passToFail", "pass, would fail"],
  ["failToPass", "failed, would pass"],
  ["failToFailChanged", "failed, would fail otherwise"],
  ["passToPass", "pass as before"],
  ["failToFailSame", "fail as before"],
];

/** The verdicts that differ. */
const CHANGED: readonly Cell[] = ["passToFail", "failToPass", "failToFailChanged"];

/** The matrix of a what-if, by producer and by cause, with the records that it names. */
export function WhatIfReport({ report }: { readonly report: Report }) {
  const { flips, coverage } = report;
  const causes = flips.fingerprints.filter(({ counts }) => CHANGED.some((cell) => counts[cell] > 0));
  const left = Object.values(coverage.notRedecided).reduce((sum, one) => sum + one, 0);
  return (
    <>
      <dl class="tiles">
        {CELLS.map(([cell, words]) => (
          <div>
            <dt>{words}</dt>
            <dd>
              <span class="value">{grouped(flips.counts[cell])}</span>
              {cell !== "passToPass" && cell !== "failToFailSame" && <Examples of={flips.examples[cell]} />}
            </dd>
          </div>
        ))}
      </dl>
      {flips.identityChanged > 0 && (
        <p>{grouped(flips.identityChanged)} that pass would be other facts: their identity changes.</p>
      )}
      {causes.length > 0 && (
        <Rows caption="By cause" columns={columnsOf("Cause")} rows={causes} keyOf={({ name }) => name} />
      )}
      {causes.length < flips.fingerprints.length && (
        <p class="aside">{counted(flips.fingerprints.length - causes.length, "more cause")} fail as before.</p>
      )}
      {flips.producers.length > 0 && (
        <>
          <h2>By producer</h2>
          <Rows
            caption="By producer"
            columns={columnsOf("Producer")}
            rows={flips.producers}
            keyOf={({ name }) => name}
          />
        </>
      )}
      <p class="aside">
        {grouped(coverage.redecided)} of {grouped(coverage.decided)} records were judged again
        {coverage.otherVersions > 0 && `, ${grouped(coverage.otherVersions)} are of other versions`}
        {left > 0 && `, ${grouped(left)} could not be`}. Report <code class="digest">{report.digest}</code>
      </p>
    </>
  );
}

function columnsOf(name: "Cause" | "Producer"): readonly Column<FlipGroup>[] {
  return [
    { name, cell: ({ name: own, cause }) => <span class="detail">{cause ?? own}</span> },
    ...CELLS.slice(0, 3).map(([cell, words]): Column<FlipGroup> => ({
      name: words,
      isNumber: true,
      cell: ({ counts }) => grouped(counts[cell]),
    })),
    {
      name: "Records",
      cell: ({ examples }) => (
        <Examples of={examples.passToFail ?? examples.failToFailChanged ?? examples.failToPass} />
      ),
    },
  ];
}

function Examples({ of = [] }: { readonly of: readonly string[] | undefined }) {
  return (
    <span class="examples">
      {of.map((position) => (
        <a href={positionPath(position)}>{position}</a>
      ))}
    </span>
  );
}
