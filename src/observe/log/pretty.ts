import type { DestinationStream } from "pino";
import { ENVELOPE, LOG_FIELDS, type LogField } from "./fields.ts";

/** Formats lines for people: `10:42:07 warn  message topic=orders partition=0`. Fields have their short names. */
export function prettyStream(destination: DestinationStream): DestinationStream {
  return { write: (line) => destination.write(prettyLine(line)) };
}

function prettyLine(line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const fields = Object.entries(rest)
    .filter(([name]) => !(name in ENVELOPE))
    .map(([name, value]) => ` ${LOG_FIELDS[name as LogField].short}=${textOf(value)}`);
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(msg)}${fields.join("")}\n`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
