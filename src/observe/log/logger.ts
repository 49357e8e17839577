import { pino, type DestinationStream } from "pino";
import { LOG_EVENTS, type EventRow, type LogEvent } from "./events.ts";
import type { FIELD_GROUPS, FieldGroup } from "./field-groups.ts";
import type { FieldValue, LogField } from "./fields.ts";
import { prettyStream } from "./pretty.ts";

type Rows = typeof LOG_EVENTS;
type Always<Name extends LogEvent> = Rows[Name]["fields"][number] | InGroup<Rows[Name]["groups"][number]>;
type InGroup<Group extends FieldGroup> = (typeof FIELD_GROUPS)[Group][number];
type Anywhere = "trace_id" | "span_id";

/** The fields of a line: those of its event, and no others. */
export type FieldsOf<Name extends LogEvent> = { readonly [Field in Always<Name>]: FieldValue<Field> } & {
  readonly [Field in Rows[Name]["optional"][number] | Anywhere]?: FieldValue<Field> | undefined;
};

/** A sentence, for the events whose sentence is not the same every time. */
type Sentence<Name extends LogEvent> = Rows[Name]["message"] extends null ? readonly [message: string] : readonly [];

/** The one way to write to the log. */
export type Logger = {
  readonly write: <Name extends LogEvent>(name: Name, fields: FieldsOf<Name>, ...message: Sentence<Name>) => void;
  /** Whether lines of an event are written: who would have to work for one asks first. */
  readonly writes: (name: LogEvent) => boolean;
};

export type LogOptions = {
  readonly level: string;
  readonly format: "json" | "pretty";
  /** Receives whole lines; usually standard error. */
  readonly destination: DestinationStream;
  /** Process id. */
  readonly pid: number;
  /** Number of this process among the workers of its machine; absent: it is none. */
  readonly worker?: number;
  /** Rewrites the commands in a remedy as the user can type them; absent, remedies stay unchanged. */
  readonly reword?: (remedy: string) => string;
};

export const SERVICE_NAME = "sigma-aetl";

/** Creates a logger that writes one JSON object a line, or lines for people. Its fields are those of fields.ts, and never a payload. */
export function createLogger({ level, format, destination, pid, worker, reword }: LogOptions): Logger {
  const base = {
    "service.name": SERVICE_NAME,
    "process.pid": pid,
    ...(worker === undefined ? {} : { "sigma.worker": worker }),
  };
  const log = pino(
    { level, base, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } },
    format === "json" ? destination : prettyStream(destination),
  );
  return {
    write: (name, fields, ...[message]) => {
      const row: EventRow = LOG_EVENTS[name];
      if (!log.isLevelEnabled(row.level)) return;
      const { "sigma.remedy": remedy } = fields as { readonly [Field in LogField]?: unknown };
      const reworded = reword !== undefined && typeof remedy === "string" ? { "sigma.remedy": reword(remedy) } : {};
      const layer = row.layer ?? "orchestration";
      const line: Record<string, unknown> = { event_name: name, "sigma.layer": layer, ...fields, ...reworded };
      log[row.level](line, message ?? row.message ?? "");
    },
    writes: (name) => log.isLevelEnabled(LOG_EVENTS[name].level),
  };
}

function levelName(label: string): { readonly level: string } {
  return { level: label };
}
