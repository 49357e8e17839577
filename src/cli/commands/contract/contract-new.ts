import { basename } from "node:path";
import { writtenFractions } from "../../../authoring/written-fractions.ts";
import type { Command } from "commander";
import type { Draft } from "../../../authoring/draft.ts";
import { createSample, type Inferred } from "../../../authoring/infer.ts";
import { EXIT } from "../../../config/codes.ts";
import { DEFAULT_LIMITS } from "../../../core/contract-set.ts";
import { parsePayload } from "../../../core/payload.ts";
import { writeDraft } from "./draft-writer.ts";
import { openInputs, type Input } from "../../input/inputs.ts";
import { counted, note } from "../../terminal/output.ts";
import { readRecords, refusalOf } from "../../input/records.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

export type NewOptions = {
  readonly from?: string;
  readonly version?: number;
  readonly identity?: readonly string[];
  readonly lines: number;
  readonly json: boolean;
};

/** `sigma contract new`: makes a draft from real records, or the next version of a contract. */
export async function newContract(command: Command, subject: string, options: NewOptions): Promise<void> {
  const { contractsDir } = await configFor(command);
  const { from, version } = options;
  if (version !== undefined) {
    const { newVersion } = await import("./contract-version.ts");
    return newVersion(contractsDir, subject, version, from ?? null, options.json);
  }
  if (from === undefined) {
    throw usage(
      "SIG-I-018",
      `Cannot propose a contract for ${subject}: there is nothing to propose it from`,
      `give records: --from FILE; or the next version of a contract: --version 2 --from 1`,
    );
  }
  const [input] = openInputs([from]);
  if (input === undefined) return;
  const { inferred, bad } = await readSample(input, options.lines);
  if (inferred.records === 0) {
    throw new Refusal(
      "SIG-I-018",
      `Cannot propose a contract from "${from}": ${bad.length === 0 ? "it holds nothing" : "no line of it is a record"}`,
      "give lines of JSON, one record each",
      EXIT.findings,
    );
  }
  if (bad.length > 0) {
    const which = `${bad.slice(0, 10).join(", ")}${bad.length > 10 ? " ..." : ""}`;
    note(`left out, as they are no records: ${counted(bad.length, "line")} (${which})`);
  }
  writeDraft(
    contractsDir,
    draftFrom(subject, basename(input.name), inferred, options.identity ?? null),
    [],
    options.json,
  );
}

/** `bad`: numbers of the lines that are not records. */
type SampleRead = { readonly inferred: Inferred; readonly bad: readonly number[] };

async function readSample(input: Input, linesMax: number): Promise<SampleRead> {
  const sample = createSample();
  const bad: number[] = [];
  let records = 0;
  try {
    for await (const { lines, lineNumbers, lastLine } of readRecords(input)) {
      for (const [index, bytes] of lines.entries()) {
        records += 1;
        if (records > linesMax) return { inferred: sample.result(), bad };
        const parsed = parsePayload(bytes, DEFAULT_LIMITS);
        if (parsed.ok) sample.add(parsed.payload, writtenFractions(Buffer.from(bytes)));
        else bad.push(lineNumbers[index] ?? lastLine);
      }
    }
  } catch (error) {
    throw refusalOf(error, input.name, "nothing was written") ?? error;
  }
  return { inferred: sample.result(), bad };
}

function draftFrom(subject: string, file: string, inferred: Inferred, wanted: readonly string[] | null): Draft {
  const { records, schema, kinds, dated, open } = inferred;
  const [first, ...others] = byName(inferred);
  const identity = wanted ?? (first === undefined || records === 1 ? null : [first]);
  if (identity === null) throw noIdentity(subject, inferred);
  const from = `guessed from ${counted(records, "record")} of ${file}`;
  const remarks = [
    `Everything below is ${from}. Types and required members are what all of them had; no bound is drawn.`,
    ...(wanted === null
      ? [
          `identity: ${from}, in which its value never came twice.${others.length === 0 ? "" : ` So did ${others.join(", ")}.`}`,
        ]
      : []),
    ...dated.map(({ pointer, format }) => `${pointer}: every text was a ${format}; others are refused.`),
    ...kinds.map((pointer) => `${pointer}: few values came, each of them several times; they are offered as an enum.`),
    ...open.map(
      (pointer) => `${pointer === "" ? "The record" : pointer}: too many members to tell apart; any are taken.`,
    ),
    "Members that never came are refused (additionalProperties: false).",
  ];
  return {
    subject,
    owner: "unknown",
    description: `Proposed from samples: ${subject}`,
    identity,
    schema,
    rules: [],
    remarks,
  };
}

/** Orders the candidates for the identity: fields named like an id first, times last. */
function byName({ unique, dated }: Inferred): readonly string[] {
  const isTime = (pointer: string): boolean => dated.some((one) => one.pointer === pointer);
  const rank = (pointer: string): number => {
    if (isTime(pointer)) return 2;
    return /(?:^\/|[_-])(?:id|key|uuid|guid|number|no|code)$|[a-z](?:Id|ID|Key|Uuid|Number|No|Code)$/.test(pointer)
      ? 0
      : 1;
  };
  return unique.toSorted((a, b) => rank(a) - rank(b));
}

function noIdentity(subject: string, { records, unique }: Inferred): Refusal {
  const why =
    records === 1
      ? "one record cannot say what names a fact"
      : "no member of the records has another value in each of them";
  const example = records === 1 ? (unique[0] ?? "/order_id") : "/order_id";
  return usage(
    "SIG-I-018",
    `Cannot propose a contract for ${subject}: ${why}`,
    `say what names a fact, as in --identity ${example}, or --identity '' for the whole record; or give more records`,
  );
}
