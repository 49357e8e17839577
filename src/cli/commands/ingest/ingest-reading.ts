import type { Config } from "../../../config/config.ts";
import { LineTooLong, type LineBatch } from "../../../json/lines.ts";
import type { IngestOptions } from "./ingest-options.ts";
import type { Input } from "../../input/inputs.ts";
import { LINE_BYTES_MAX } from "../../input/line-limit.ts";
import { counted, note } from "../../terminal/output.ts";
import { toRunAgain, variablesToo } from "../../terminal/printed-command.ts";
import type { ProgressLine } from "../../terminal/progress.ts";
import { Interrupted, proveInputs, readRecords, refusalOf } from "../../input/records.ts";
import { usage } from "../../terminal/refusal.ts";

/** The destination of batches of lines. */
export type Sink = {
  /** @param file from which the batch was read. */
  readonly add: (batch: LineBatch, file: string) => Promise<void>;
  readonly settle: () => Promise<void>;
  /** Records added so far. */
  readonly count: () => number;
  readonly failed: () => number;
  /** Last line that was accepted of a batch whose `add` failed midway; 0 when none was. */
  readonly takenTo?: () => number;
};

export type Reading = {
  readonly config: Config;
  readonly topic: string;
  readonly inputs: readonly Input[];
  readonly fromLine: number;
  readonly options: IngestOptions;
};

/** Where to continue an interrupted reading: `line` is the next line of the first input. */
export type Stop = { readonly inputs: readonly string[]; readonly line: number; readonly topic: string };

/**
 * Reads every input into the sink, batch by batch. When interrupted, it finishes the batch and returns where to
 * continue.
 * @throws a refusal: before anything is added when the fault can be known then, else with the number of added records
 * and how to continue.
 */
export async function readInputs(
  { inputs, fromLine, config, topic, options: { ndjson } }: Reading,
  sink: Sink,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<Stop | null> {
  const limits = { ...config.batch, lineBytesMax: LINE_BYTES_MAX, eager: true };
  await proveInputs(inputs, { limits, fromLine, ndjson, signal });
  const bytesTotal = inputs.every(({ sizeBytes }) => sizeBytes !== null)
    ? inputs.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)
    : null;
  for (const [index, input] of inputs.entries()) {
    const first = index === 0 ? fromLine : 1;
    const left = inputs.slice(index).map(({ name }) => name);
    let lastLine = 0;
    const stop = (taken = 0): Stop => ({ inputs: left, line: Math.max(first, lastLine + 1, taken + 1), topic });
    const before = sink.count();
    try {
      for await (const batch of readRecords(input, { limits, fromLine: first, ndjson, signal })) {
        await sink.add(batch, input.name);
        lastLine = batch.lastLine;
        const bytes = inputs.slice(0, index + 1).reduce((sum, { bytesRead }) => sum + bytesRead(), 0);
        progress.update({ records: sink.count(), failed: sink.failed(), bytes, bytesTotal });
      }
    } catch (error) {
      progress.end();
      if (error instanceof Interrupted) {
        await sink.settle();
        return stop();
      }
      await settleWhatCan(sink);
      throw stoppedBy(error, input.name, sink.count(), stop(sink.takenTo?.()));
    }
    if (index === 0 && lastLine < fromLine - 1) {
      throw usage(
        "SIG-I-005",
        `Cannot start at line ${fromLine} of "${input.name}": it ends before`,
        "name a line it has",
      );
    }
    if (sink.count() === before && first === 1) note(`"${input.name}" holds no record`);
  }
  await sink.settle();
  return null;
}

/** Completes an error that ended a reading midway: the number of ingested records, and how to continue. */
function stoppedBy(error: unknown, name: string, count: number, stop: Stop): unknown {
  const ingested = `${counted(count, "record")} before it were ingested`;
  if (error instanceof LineTooLong)
    return refusalOf(
      error,
      name,
      `${ingested}; correct it, or leave it out. ${resumeHint({ ...stop, line: error.line + 1 })}`,
    );
  const refusal = refusalOf(
    error,
    name,
    count === 0 ? "nothing of it was ingested" : `${ingested}. ${resumeHint(stop)}`,
  );
  if (refusal === null) note(`${counted(count, "record")} were ingested before the error. ${resumeHint(stop)}`);
  return refusal ?? error;
}

/** The hint after an interruption; it ends with the command to continue, quoted for a shell. */
export function resumeHint({ inputs, line, topic }: Stop): string {
  const changed = [
    ["--topic", topic],
    ["--from-line", String(line)],
  ] as const;
  return `To go on${variablesToo()}: ${toRunAgain(changed, inputs)}`;
}

/** After an error the appended records are still decided, unless deciding is what failed. */
async function settleWhatCan(sink: Sink): Promise<void> {
  await sink.settle().catch(() => undefined);
}
