import { timeText } from "../failures/view.ts";
import { hourStartMs, type Volume, type VolumeReport, type VolumeRow } from "./volume-report.ts";
import type { VolumeQuestion } from "./volume-query.ts";

/** A row, as programs get it. */
export type RowView = Volume & {
  readonly time: string | null;
  readonly subject: string;
  readonly version: number | null;
  readonly producer: string | null;
  readonly otherProducers: boolean;
};

export type VolumeView = {
  readonly by: VolumeQuestion["by"];
  readonly complete: boolean;
  readonly countedSince: string | null;
  readonly totals: Volume;
  readonly rows: readonly RowView[];
};

export function volumeView({ rows, totals, counting }: VolumeReport, { by }: VolumeQuestion): VolumeView {
  const { isComplete: complete, sinceMs } = counting;
  const countedSince = sinceMs === null ? null : timeText(sinceMs);
  return { by, complete, countedSince, totals, rows: rows.map(rowView) };
}

function rowView({ hour, subject, version, producer, isOthers, counts }: VolumeRow): RowView {
  return { time: timeText(hourStartMs(hour)), subject, version, producer, otherProducers: isOthers, ...counts };
}
