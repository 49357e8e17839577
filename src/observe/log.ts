import { pino, type DestinationStream, type Logger } from "pino";
import type { ContractsEvent, GatewayEvent, Observe } from "../gateway/event.ts";

export type LogOptions = {
  readonly level: string;
  readonly format: "json" | "pretty";
  /** Receives whole lines; usually standard error. */
  readonly destination: DestinationStream;
  /** Rewrites the commands in a remedy as the user can type them; absent, remedies stay unchanged. */
  readonly reword?: (remedy: string) => string;
};

/**
 * Creates a logger that writes one JSON object per line (time in ISO 8601), or lines for people. It never writes a
 * payload.
 */
export function createLogger({ level, format, destination, reword }: LogOptions): Logger {
  const stream = format === "json" ? destination : prettyStream(destination);
  const log = (fields: Record<string, unknown>): Record<string, unknown> => {
    const { remedy } = fields;
    return reword !== undefined && typeof remedy === "string" ? { ...fields, remedy: reword(remedy) } : fields;
  };
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName, log } },
    stream,
  );
}

/** Logs one line for each change of a stream's state; settled batches only at debug level. */
export function logEvents(log: Logger): Observe {
  return (event) => {
    const stream = `${event.stream.topic}/${event.stream.partition}`;
    switch (event.kind) {
      case "stream-acquired":
        return log.info({ stream, seq: event.seq, position: String(event.position) }, "stream acquired");
      case "stream-checked":
        return undefined;
      case "tail-redone":
        return log.debug({ stream, seq: event.seq, count: event.count }, "tail redone");
      case "batch-settled":
        return log.debug({ stream, ...describeBatch(event) }, "batch settled");
      case "ledger-lost":
        return log.warn({ stream, seq: event.seq }, "another process wrote this ledger entry first; reading it again");
      case "stream-paused": {
        const { code, message, remedy, retryInMs } = event;
        return log.warn({ stream, code, remedy, retryInMs }, message);
      }
      case "stream-resumed":
        return log.info({ stream }, "stream resumed");
      case "stream-halted":
        return log.error({ stream, code: event.halt.code, remedy: event.halt.remedy }, event.halt.message);
      case "stream-stopped":
        return log.info({ stream }, "stream stopped");
    }
  };
}

/** Logs contract events: a swap as information, a refusal as something a person must act on. */
export function logContracts(log: Logger): (event: ContractsEvent) => void {
  return (event) => {
    if (event.kind === "contracts-swapped") {
      const { from, to, changes } = event;
      return log.info({ from, to, changes }, "contract set swapped");
    }
    if (event.kind === "advisories-lost") {
      return log.warn(
        { count: event.count, why: event.why },
        "advisories to producers of deprecated versions not sent",
      );
    }
    if (event.kind === "contracts-stale") {
      return log.warn({ why: event.why }, "contracts not brought up to date; the last copy stays live");
    }
    if (event.kind === "default-idle") {
      const { topic, message, remedy } = event;
      return log.warn({ topic, remedy }, message);
    }
    if (event.kind === "schema-id-unknown") {
      const { id, why } = event;
      return log.warn({ id, why }, "a schema id stands for no contract version; its records are FAILED");
    }
    const remedy = "correct the files: the contracts that were live before stay live";
    return log.error({ problems: event.problems, remedy }, "changed contract files refused");
  };
}

function describeBatch(
  event: Extract<GatewayEvent, { readonly kind: "batch-settled" }>,
): Readonly<Record<string, unknown>> {
  const { seq, from, to, count, stored, duplicates, conflicts, failures } = event;
  return {
    seq,
    from: String(from),
    to: String(to),
    count,
    stored,
    duplicates,
    conflicts,
    failures: Object.fromEntries(failures),
  };
}

function levelName(label: string): { readonly level: string } {
  return { level: label };
}

/** Formats lines for people: `10:42:07 warn  message key=value`. */
function prettyStream(destination: DestinationStream): DestinationStream {
  return {
    write: (line) => {
      const { time, level, msg, ...rest } = JSON.parse(line) as Readonly<Record<string, unknown>>;
      const fields = Object.entries(rest).map(
        ([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
      );
      destination.write(
        `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${typeof msg === "string" ? msg : ""}${fields.join("")}\n`,
      );
    },
  };
}
