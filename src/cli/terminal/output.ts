import { styleText } from "node:util";
import { toJsonText } from "../../json/json-text.ts";

/** Prints requested data: one line on standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints progress, hints and warnings: one line on standard error. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Prints one JSON object on one line; `v` is the version of its shape. Offsets are text, since they may exceed 2^53.
 */
export function printJson(value: object): void {
  print(jsonLine(value));
}

export function jsonLine(value: object): string {
  return asciiControls(
    JSON.stringify({ v: 1, ...value }, (_, field: unknown) => (typeof field === "bigint" ? String(field) : field)),
  );
}

/**
 * Escapes the characters of a JSON text that a terminal may obey and `JSON.stringify` leaves as they are: U+007F to U+009F (U+009B begins
 * a sequence as ESC [ does), and those that turn the direction of text. They stand in strings only, so the value stays the same.
 */
export function asciiControls(json: string): string {
  return json.replaceAll(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * As {@link printJson}, for objects with values of a contract or a payload: bigints are printed as exact JSON numbers.
 */
export function printJsonValues(value: object): void {
  print(asciiControls(toJsonText({ v: 1, ...value })));
}

/** Whether a stream is a terminal that can move its cursor, so that a line or page can be drawn over: one with TERM=dumb cannot. */
export function canRedraw({ isTTY }: { readonly isTTY: boolean }): boolean {
  return isTTY && process.env["TERM"] !== "dumb";
}

type Style = Parameters<typeof styleText>[0];

/** Styles a text when standard output is a terminal that supports it; plain otherwise (NO_COLOR, TERM=dumb, a pipe). */
export function styled(style: Style, text: string): string {
  if (process.env["TERM"] === "dumb") return text;
  return styleText(style, text, { stream: process.stdout });
}

/** Prints aligned columns; those listed in `right` are aligned to the right. No trailing blanks. */
export function printTable(rows: readonly (readonly string[])[], right: readonly number[] = []): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  for (const row of rows) {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    print(cells.join("  ").trimEnd());
  }
}

/** A number with a noun: `1 record`, `2 records`, with separated thousands. */
export function counted(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** 1234567 as 1,234,567. */
export function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}
