import { grouped } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import type { DecidedCounts, StatusView, StreamView } from "./status-view.ts";

/** What is drawn: an answer, and the one before it, which makes rates. */
export type Drawn = {
  readonly url: string;
  readonly status: StatusView;
  /** Null: there are no rates yet. */
  readonly before: StatusView | null;
  /** Why the last question was not answered; null when it was. */
  readonly trouble: string | null;
};

export type Size = { readonly columns: number; readonly rows: number };

/** A page without limits, as for a pipe. */
export const NO_LIMIT: Size = { columns: 1_000, rows: 1_000 };

/**
 * The lines of a page, none longer than the terminal is wide, and no more than it is high. Streams in trouble and far behind come
 * first; what does not fit is counted.
 */
export function renderStatus(drawn: Drawn, { columns, rows }: Size): readonly string[] {
  const { status } = drawn;
  const head = [headline(drawn), "", ...countLines(drawn), ""];
  const objectives = status.objectives.map(
    ({ name, state, budgetLeft, firing }) =>
      `${name.padEnd(30)} ${WORDS[state].padEnd(8)} ${state === "no-data" ? "" : `${Math.floor(budgetLeft * 100)}% of the budget left`}${firing === null ? "" : `  ${firing}`}`,
  );
  const routed = (status.router ?? []).map(({ movedTo, ...one }): StreamView => ({ ...one, settledTo: movedTo }));
  const store = status.storeTrouble ?? null;
  const sections = [
    {
      head: "GROUPS AND OBJECTIVES ARE NOT KNOWN NOW",
      lines: store === null ? [] : [`${store.code}  ${store.message}`, store.remedy],
      noun: "lines",
    },
    {
      head: streamHead("STREAM", "SETTLED TO"),
      lines: status.streams.toSorted(byTrouble).map(streamLine),
      noun: "streams",
    },
    { head: streamHead("TO LANES", "MOVED TO"), lines: routed.toSorted(byTrouble).map(streamLine), noun: "streams" },
    { head: HOT_HEAD, lines: hotLines(status), noun: "keys" },
    { head: GROUP_HEAD, lines: groupLines(status), noun: "groups" },
    { head: "OBJECTIVES", lines: objectives, noun: "objectives" },
  ].filter(({ lines }) => lines.length > 0);
  const room = Math.max(0, rows - head.length);
  const shares = sharesOf(
    sections.map(({ lines }) => lines.length + 2),
    room,
  );
  const drawnSections = sections.flatMap(({ head: title, lines, noun }, index) => {
    const share = shares[index] ?? 0;
    return share < 2 ? [] : [title, ...fit(lines, share - 2, noun), ""];
  });
  return [...head, ...drawnSections].slice(0, rows).map((line) => plainText(line, columns).trimEnd());
}

const WORDS = { met: "met", breached: "missed", "no-data": "no data" } as const;

/** How many lines each section gets: what it wants where all fits, else an equal part of what the smaller ones leave. */
function sharesOf(wanted: readonly number[], room: number): readonly number[] {
  const shares = wanted.map(() => 0);
  let left = room;
  const bySize = wanted.map((lines, index) => ({ lines, index })).toSorted((a, b) => a.lines - b.lines);
  bySize.forEach(({ lines, index }, place) => {
    const share = Math.min(lines, Math.floor(left / (bySize.length - place)));
    shares[index] = share;
    left -= share;
  });
  return shares;
}

/** The lines that fit, and how many do not. */
function fit(lines: readonly string[], most: number, noun: string): readonly string[] {
  if (lines.length <= most) return lines;
  const shown = lines.slice(0, Math.max(0, most - 1));
  return [...shown, `... and ${grouped(lines.length - shown.length)} more ${noun}`];
}

function headline({ url, status, trouble }: Drawn): string {
  const state = trouble ?? (status.ready ? "ready" : "not ready");
  return `sigma ${status.version}  ${url}  up ${upText(status.upSeconds)}  ${state}  ${status.now.slice(11, 19)}`;
}

const COUNTS: readonly (readonly [keyof DecidedCounts, string])[] = [
  ["decided", "DECIDED"],
  ["passed", "PASSED"],
  ["failed", "FAILED"],
  ["duplicates", "DUPLICATES"],
];
const COUNT_WIDTH = 16;

function countLines({ status, before }: Drawn): readonly string[] {
  const row = (label: string, of: (key: keyof DecidedCounts) => string): string =>
    `${label.padEnd(12)}${COUNTS.map(([key]) => of(key).padStart(COUNT_WIDTH)).join("")}`;
  return [
    `${"".padEnd(12)}${COUNTS.map(([, name]) => name.padStart(COUNT_WIDTH)).join("")}`,
    row("records/s", (key) => rateText(status, before, key)),
    row("since start", (key) => grouped(status.decided[key])),
  ];
}

function rateText(status: StatusView, before: StatusView | null, key: keyof DecidedCounts): string {
  if (before === null) return "-";
  const seconds = (Date.parse(status.now) - Date.parse(before.now)) / 1_000;
  const more = status.decided[key] - before.decided[key];
  // A gateway that began anew in between counts from 0.
  if (seconds <= 0 || more < 0) return "-";
  const rate = more / seconds;
  return rate >= 100 || rate === 0 ? grouped(Math.round(rate)) : rate.toFixed(1);
}

function streamHead(what: string, position: string): string {
  return `${what.padEnd(32)} ${"STATE".padEnd(8)} ${position.padStart(12)} ${"LAG".padStart(10)} ${"BEHIND".padStart(8)}`;
}

function streamLine({ topic, partition, state, settledTo, lag, lagSeconds, trouble }: StreamView): string {
  const name = `${topic}/${partition}`;
  const short = name.length <= 32 ? name : `...${name.slice(-29)}`;
  const behind = lagSeconds === null || lag === 0 ? "" : upText(lagSeconds);
  const line = `${short.padEnd(32)} ${state.padEnd(8)} ${text(settledTo).padStart(12)} ${text(lag).padStart(10)} ${behind.padStart(8)}`;
  return trouble === null ? line : `${line}  ${trouble.code}`;
}

function text(number: number | null): string {
  return number === null ? "-" : grouped(number);
}

const STATES = ["halted", "paused", "waiting", "starting", "stopped", "running"];

function byTrouble(a: StreamView, b: StreamView): number {
  return (
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    (b.lag ?? 0) - (a.lag ?? 0) ||
    (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition)
  );
}

const HOT_HEAD = `${"HOT KEYS OF".padEnd(32)} ${"OF IT".padStart(8)} ${"OF TOPIC".padStart(10)}  KEY`;

/** Keys that take much of a partition. */
function hotLines({ streams }: StatusView): readonly string[] {
  const percent = (share: number): string => `${Math.round(share * 100)}%`;
  return streams.flatMap(({ topic, partition, share: ofTopic, hotKeys = [] }) =>
    hotKeys.map(({ key, share }) => {
      const all = ofTopic === undefined || ofTopic === null ? "-" : percent(ofTopic);
      const name = plainText(`${topic}/${partition}`, 32);
      return `${name.padEnd(32)} ${percent(share).padStart(8)} ${all.padStart(10)}  ${plainText(key, 60)}`;
    }),
  );
}

const WHY_MAX = 120;
const GROUP_HEAD = `${"FAILED LATELY".padEnd(14)} ${"LAST HOUR".padStart(10)} ${"ALL".padStart(10)}  ${"LAST".padEnd(8)}  WHY`;

function groupLines({ groups }: StatusView): readonly string[] {
  return groups.map(({ fingerprint, recent, count, last, contract, code, why }) => {
    const where = contract === null ? "" : `${contract.subject}@${contract.version} `;
    const time = last === null ? "" : last.slice(11, 19);
    return `${fingerprint.slice(0, 8).padEnd(14)} ${grouped(recent).padStart(10)} ${grouped(count).padStart(10)}  ${time.padEnd(8)}  ${where}${plainText(why ?? code, WHY_MAX)}`;
  });
}

/** A duration in its two largest units: 3h 12m. */
function upText(seconds: number): string {
  const whole = Math.floor(seconds);
  const [d, h, m, s] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3_600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  if (d > 0) return `${d}d ${h}h`;
  if (h > 0) return `${h}h ${m}m`;
  return m > 0 ? `${m}m ${s}s` : `${s}s`;
}
