import type { ByteRange } from "../../json/locate.ts";

/** A line of a record, and what is marked in it. */
export type Excerpt = { readonly line: string; readonly marks: string };

/** Columns of a terminal that an excerpt takes at most. */
const WIDTH = 100;
/** Columns kept before a mark that lies further in. */
const BEFORE = 30;
/** Bytes of a line that are looked at on either side of a mark: four for each column are enough. */
const REACH_BYTES = WIDTH * 4;
/** Longest mark: what goes on beyond tells nothing. */
const MARK_MAX = 60;

/**
 * The line of a record's bytes that a range begins in, cut to a terminal's width, with carets under the range. Of bytes that
 * are no UTF-8 each is one sign; whatever a terminal would obey or hide is shown as a dot.
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

/** The first byte from here on that begins a character. */
function alignUp(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && at < from + 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return at;
}

/** A sign on the terminal and the columns it takes. */
type Cell = { readonly text: string; readonly width: number };

/** What a terminal would obey (controls), hide (format characters) or reorder (marks of direction). */
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
