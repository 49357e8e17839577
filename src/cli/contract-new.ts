import { basename } from "node:path";
import type { Command } from "commander";
import type { Draft } from "../authoring/draft.ts";
import { createSample, type Inferred } from "../authoring/infer.ts";
import { EXIT } from "../codes.ts";
import { DEFAULT_LIMITS } from "../core/contract-set.ts";
import { parsePayload } from "../core/payload.ts";
import { writeDraft } from "./draft-writer.ts";
import { openInputs, type Input } from "./inputs.ts";
import { counted, note } from "./output.ts";
import { readRecords, refusalOf } from "./records.ts";
import { Refusal, usage } from "./refusal.ts";
import { configFor } from "./settings.ts";

export type NewOptions = {
  readonly from: string;
  readonly identity?: readonly string[];
  readonly lines: number;
  readonly json: boolean;
};

/** `sigma contract new`: a draft from real records. */
export async function newContract(command: Command, subject: string, options: NewOptions): Promise<void> {
  const { contractsDir } = await configFor(command);
  const [input] = openInputs([options.from], `contract new ${subject} --from`);
  if (input === undefined) return;
  const { inferred, bad } = await readSample(input, options.lines);
  if (inferred.records === 0) {
    throw new Refusal(
      "SIG-I-018",
      `Cannot propose a contract from "${options.from}": ${bad.length === 0 ? "it holds nothing" : "no line of it is a record"}`,
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

/** `bad`: numbers of the lines that are no records. */
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
        if (parsed.ok) sample.add(parsed.payload);
        else bad.push(lineNumbers[index] ?? lastLine);
      }
    }
  } catch (error) {
    throw refusalOf(error, input.name, "nothing was written") ?? error;
  }
  return { inferred: sample.result(), bad };
}

function draftFrom(subject: string, file: string, inferred: Inferred, wanted: readonly string[] | null): Draft {
  const { records, schema, unique, kinds, open } = inferred;
  const [first, ...others] = unique;
  const identity = wanted ?? (first === undefined ? null : [first]);
  if (identity === null) {
    const message = `Cannot propose a contract for ${subject}: no member of the records has another value in each of them`;
    throw usage(
      "SIG-I-018",
      message,
      "say what names a fact: --identity /order_id, or --identity '' for the whole record",
    );
  }
  const from = `guessed from ${counted(records, "record")} of ${file}`;
  const remarks = [
    `Everything below is ${from}. Types and required members are what all of them had; no bound is drawn.`,
    ...(wanted === null
      ? [
          `identity: ${from}, in which its value never came twice.${others.length === 0 ? "" : ` So did ${others.join(", ")}.`}`,
        ]
      : []),
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
