import { createLogger, type Logger } from "../../src/observe/log/logger.ts";
import { logSchema } from "../../src/observe/log/schema.ts";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { compileSchema } from "../../src/schema/schema.ts";

const SCHEMA = compileSchema(logSchema() as JsonObject);

export type Line = Readonly<Record<string, unknown>>;

/** What is wrong with a line of the log: one sentence for each fault. */
export function faultsOf(line: string): readonly string[] {
  const value = JSON.parse(line) as JsonValue;
  if (SCHEMA.accepts(value)) return [];
  return SCHEMA.explain(value).map(({ pointer, message }) => `${pointer} ${message}: ${line}`);
}

/** A logger whose lines are kept, and callbacks that the test calls. */
export function keepLines(level = "info"): {
  readonly log: Logger;
  readonly lines: () => readonly Line[];
  readonly texts: readonly string[];
  readonly later: (ms: number, callback: () => void) => void;
  /** Lets all that waits happen. */
  readonly pass: () => void;
} {
  const texts: string[] = [];
  const waiting: (() => void)[] = [];
  const destination = { write: (text: string) => void texts.push(text) };
  return {
    log: createLogger({ level, format: "json", destination, pid: 4_711 }),
    lines: () =>
      texts.map((text) => {
        const {
          time: _time,
          level: _level,
          "service.name": _name,
          "process.pid": _pid,
          ...rest
        } = JSON.parse(text) as Line;
        return rest;
      }),
    texts,
    later: (_ms, callback) => void waiting.push(callback),
    pass: () => {
      for (const callback of waiting.splice(0)) callback();
    },
  };
}
