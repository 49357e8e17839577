import { styleText } from "node:util";
import { toJsonText } from "../../json/json-text.ts";

/** Data the user asked for: one line on standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Progress, hints and warnings: one line on standard error. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** One JSON object on one line; `v` is the version of its shape. Offsets, which may exceed 2^53, are text. */
export function printJson(value: object): void {
  print(jsonLine(value));
}

export function jsonLine(value: object): string {
  return JSON.stringify({ v: 1, ...value }, (_, field: unknown) => (typeof field === "bigint" ? String(field) : field));
}

/** The same for what shows values of a contract or a payload: a bigint among them is a number of JSON, to its last digit. */
export function printJsonValues(value: object): void {
  print(toJsonText({ v: 1, ...value }));
}

type Style = Parameters<typeof styleText>[0];

/** Styled when standard output is a terminal that shows it, as plain text otherwise (NO_COLOR, TERM=dumb, a pipe). */
export function styled(style: Style, text: string): string {
  if (process.env["TERM"] === "dumb") return text;
  return styleText(style, text, { stream: process.stdout });
}

/** Columns aligned by their longest cell; the ones named in `right` to the right. No trailing blanks. */
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

/** `1 record`, `2 records`; thousands apart. */
export function counted(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** 1234567 as 1,234,567. */
export function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}
