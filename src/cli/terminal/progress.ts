import { canRedraw, grouped, jsonLine, note } from "./output.ts";

/** The data of a progress report: records, and bytes of the input when its size is known. */
type Progress = {
  readonly records: number;
  readonly failed: number;
  readonly bytes: number;
  readonly bytesTotal: number | null;
};

export type ProgressLine = { readonly update: (progress: Progress) => void; readonly end: () => void };

const TERMINAL_EVERY_MS = 200;
const PLAIN_EVERY_MS = 10_000;
const JSON_EVERY_MS = 1_000;

/**
 * Reports progress on standard error: on a terminal one line that is overwritten, else a line at intervals. It reports
 * even when nothing happens, so that a user sees a pipe that delivers nothing.
 */
export function createProgress(form: "text" | "json" | "none"): ProgressLine {
  const terminal = form === "text" && canRedraw(process.stderr);
  const everyMs = terminal ? TERMINAL_EVERY_MS : form === "json" ? JSON_EVERY_MS : PLAIN_EVERY_MS;
  const startedMs = Date.now();
  let lastMs = startedMs;
  let drawn = false;
  let latest: Progress | null = null;
  const report = (): void => {
    const nowMs = Date.now();
    if (latest === null || form === "none" || nowMs - lastMs < everyMs) return;
    lastMs = nowMs;
    const perSecond = Math.round((latest.records * 1_000) / Math.max(1, nowMs - startedMs));
    if (form === "json") return note(jsonLine({ kind: "progress", ...latest, perSecond }));
    const text = describe(latest, perSecond);
    if (!terminal) return note(text);
    drawn = true;
    process.stderr.write(`\r${text}\u001b[K`);
  };
  const timer = setInterval(report, everyMs).unref();
  return {
    update: (progress) => {
      latest = progress;
      report();
    },
    end: () => {
      clearInterval(timer);
      if (drawn) process.stderr.write("\r\u001b[K");
    },
  };
}

function describe({ records, failed, bytes, bytesTotal }: Progress, perSecond: number): string {
  const share =
    bytesTotal === null || bytesTotal === 0 ? "" : `${Math.min(100, Math.floor((bytes * 100) / bytesTotal))} %  `;
  return `${share}${grouped(records)} records  ${grouped(perSecond)}/s  ${grouped(failed)} failed`;
}
