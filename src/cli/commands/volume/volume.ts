import type { Command } from "commander";
import { hasData } from "../../../app/data-directory.ts";
import { openReadOnly } from "../../../app/engine.ts";
import { EXIT } from "../../../config/codes.ts";
import { volumeView, type RowView, type VolumeView } from "../../../volume/view.ts";
import { KINDS, parseQuestion, type QuestionText } from "../../../volume/volume-query.ts";
import { ROWS_MAX, volumeReport } from "../../../volume/volume-report.ts";
import { grouped, note, print, printJson, printTable } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

export type VolumeOptions = QuestionText & { readonly json: boolean };

/** `sigma volume`: how many records were decided, and what became of them. */
export async function volume(command: Command, { json, ...text }: VolumeOptions): Promise<void> {
  const parsed = parseQuestion(text, Date.now());
  if (!parsed.ok)
    throw usage("SIG-V-001", `Cannot use --${parsed.parameter}: it ${parsed.message}`, "see sigma volume --help");
  const config = await configFor(command);
  if (!hasData(config)) {
    const message = `Cannot tell the volume: ${config.dataDir} holds no data yet`;
    throw usage("SIG-I-007", message, `begin with ${toRun("start")}, or name another with --data`);
  }
  const { store, close } = await openReadOnly(config);
  try {
    const report = await volumeReport(store.reads, parsed.question);
    if (report === null) throw tooMany();
    const view = volumeView(report, parsed.question);
    if (json) return printJson({ kind: "volume", ...view });
    printVolume(view);
  } finally {
    await close();
  }
}

function printVolume(view: VolumeView): void {
  const { rows, by, totals } = view;
  if (rows.length === 0) print("Nothing was decided in that time.");
  else {
    const head = [by === "day" ? "DAY" : "HOUR", "CONTRACT", "PRODUCER", ...KINDS.map((kind) => kind.toUpperCase())];
    const sums = rows.length === 1 ? [] : [["", "", "all", ...KINDS.map((kind) => numberText(totals[kind]))]];
    const numbers = KINDS.map((_, at) => at + 3);
    printTable([head, ...rows.map((row) => cellsOf(row, by)), ...sums], numbers);
  }
  if (view.complete) return;
  const from = view.countedSince === null ? "only when a gateway takes them up" : `from ${view.countedSince} on`;
  note(`An older program decided records that it did not count: streams of its time are counted ${from}`);
}

function cellsOf(row: RowView, by: VolumeView["by"]): readonly string[] {
  const { time, subject, version, producer, otherProducers } = row;
  const when = (time ?? "").slice(0, by === "day" ? 10 : 16).replace("T", " ");
  const who = otherProducers ? "(others)" : producer === null ? "-" : plainText(producer, 40);
  const judge = version === null ? subject : `${subject}@${version}`;
  return [when, judge, who, ...KINDS.map((kind) => numberText(row[kind]))];
}

function numberText(count: number): string {
  return count === 0 ? "-" : grouped(count);
}

function tooMany(): Refusal {
  const message = `Cannot tell the volume: the answer has more than ${grouped(ROWS_MAX)} rows`;
  return new Refusal(
    "SIG-V-002",
    message,
    "ask for less time, for one --subject or --producer, or --by day",
    EXIT.usage,
  );
}
