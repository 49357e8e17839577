import type { LineageView } from "../../../failures/lineage/lineage.ts";
import type { RepeatedFact } from "../../../failures/repeated.ts";
import { describeTaken, type Taken } from "../../../failures/taken.ts";
import { redriveOf } from "../../../ledger/redrive-stream.ts";
import { plainText } from "../../terminal/plain-text.ts";

/** A fact that a redrive stored lies in a stream of its own, at the offset that the record has in the log. */
function factPlace({ stream, topic, partition, offset }: RepeatedFact): string {
  const redrive = redriveOf(stream);
  return `${topic}/${partition}@${offset}${redrive === null ? "" : `, redriven by plan ${redrive.plan}`}`;
}

/** What became of a record when it was sent again, where it failed first, and what retention took of all that. */
export function lineageLines({
  taken = [],
  fact,
  redrives,
  corrections,
  corrects,
  firstFailed,
}: LineageView): readonly string[] {
  const line = (name: string, value: string): string => `${name.padEnd(11)}${plainText(value.trim())}`;
  const gone = (what: { readonly taken?: readonly Taken[] }): readonly string[] =>
    (what.taken ?? []).map((one) => line("", describeTaken(one)));
  const goneFact = ({ fact: of }: { readonly fact?: RepeatedFact }): readonly string[] =>
    of === undefined ? [] : (of.taken ?? []).map((one) => line("", `at ${factPlace(of)}: ${describeTaken(one)}`));
  const first = ({ topic, partition, offset, code, plan }: NonNullable<typeof firstFailed>): string =>
    line("first", `${topic}/${partition}@${offset} ${code ?? "passed, or its evidence is gone"}; plan ${plan}`);
  const became = ({ outcome, factId, code }: { outcome: string; factId: string | null; code: string | null }): string =>
    `${outcome} ${factId === null ? (code ?? "") : `fact ${factId}`}`;
  return [
    ...taken.map((one) => line("taken", describeTaken(one))),
    ...(fact === undefined ? [] : [line("fact at", factPlace(fact)), ...gone(fact)]),
    ...(firstFailed === undefined ? [] : [first(firstFailed), ...gone(firstFailed)]),
    ...redrives.flatMap((one) => [
      line("redriven", `by plan ${one.plan}: ${became(one)}`),
      ...gone(one),
      ...goneFact(one),
    ]),
    ...(corrects === undefined
      ? []
      : [line("corrects", `${corrects.failure}, by ${corrects.actor}: ${corrects.reason}`), ...gone(corrects)]),
    ...corrections.flatMap((one) => [
      line("corrected", `at offset ${one.offset ?? "?"} by ${one.actor}, ${one.at}: ${one.reason}; ${became(one)}`),
      ...gone(one),
      ...goneFact(one),
    ]),
  ];
}
