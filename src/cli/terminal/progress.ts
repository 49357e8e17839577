import { grouped, jsonLine, note } from "./output.ts";

/** What progress shows: bytes of the input when its size is known, and records. */
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
 * Reports on standard error: one line that is written over on a terminal, else a line now and then, also while nothing
 * moves: who waits for a pipe that delivers nothing sees that.
 */
export function createProgress(form: "text" | "json" | "none"): ProgressLine {
  const terminal = process.stderr.isTTY && form === "text" && process.env["TERM"] !== "dumb";
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
