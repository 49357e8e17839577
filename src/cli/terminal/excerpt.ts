import type { ByteRange } from "../../json/locate.ts";

/** A line of a record, and a line of carets under the marked part. */
export type Excerpt = { readonly line: string; readonly marks: string };

/** Most columns of an excerpt. */
const WIDTH = 100;
/** Columns kept before a mark that is further right. */
const BEFORE = 30;
/** Bytes that are read on either side of a mark: four for each column are enough. */
const REACH_BYTES = WIDTH * 4;
/** Longest mark, in columns: a longer one shows nothing more. */
const MARK_MAX = 60;

/**
 * The line in which a range of a record's bytes begins, cut to a terminal's width, with carets under the range. Each
 * byte that is not UTF-8 becomes one character. Characters that a terminal would interpret or hide become dots.
 */
export function excerptOf(bytes: Uint8Array, [from, to]: ByteRange): Excerpt {
  const start = Math.min(from, bytes.length);
  const lineStart = Math.max(start === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, start - 1) + 1, start - REACH_BYTES);
  const feed = bytes.indexOf(LINE_FEED, start);
  const lineEnd = Math.min(feed === -1 ? bytes.length : feed, start + REACH_BYTES);
  const before = cellsOf(bytes.subarray(alignUp(bytes, lineStart), start));
  const marked = cellsOf(bytes.subarray(start, Math.max(start, Math.min(to, lineEnd))));
  const after = cellsOf(bytes.subarray(Math.min(Math.max(to, start), lineEnd), lineEnd));
  const skipped = Math.max(
    0,
    before.length - BEFORE - (before.length + marked.length + after.length <= WIDTH ? WIDTH : 0),
  );
  const shown = [...before.slice(skipped), ...marked, ...after].slice(0, WIDTH);
  const lead = skipped > 0 ? "..." : "";
  const indent = widthOf(before.slice(skipped)) + lead.length;
  const width = Math.max(1, Math.min(widthOf(marked.slice(0, MARK_MAX)), WIDTH - (before.length - skipped)));
  return {
    line: `${lead}${shown.map(({ text }) => text).join("")}`,
    marks: `${" ".repeat(indent)}${"^".repeat(width)}`,
  };
}

const LINE_FEED = 0x0a;

/** The next index at which a UTF-8 character begins. */
function alignUp(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && at < from + 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return at;
}

/** A character on the terminal and its width in columns. */
type Cell = { readonly text: string; readonly width: number };

/** Characters that a terminal interprets (controls), hides (format characters) or reorders (direction marks). */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u;
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function cellsOf(bytes: Uint8Array): readonly Cell[] {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return Array.from(text, (character) => {
    if (UNSEEN.test(character)) return { text: "·", width: 1 };
    if (/\p{Mn}/u.test(character)) return { text: character, width: 0 };
    return { text: character, width: WIDE.test(character) ? 2 : 1 };
  });
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { width }) => sum + width, 0);
}
