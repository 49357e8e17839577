import { failureCode } from "../core/failure.ts";
import { traceOf, type TraceContext } from "../core/trace-context.ts";
import type { FieldsOf, Logger } from "./log/logger.ts";
import { createSummaries, type Later } from "./log/summaries.ts";
import { streamFields, traceFields } from "./streams.ts";
import type { LoggedVerdict } from "./verdicts.ts";
import type { FailedRow } from "../store/store.ts";

/** `off`: failures are counted, none has a line. `grouped`: a line for each group. `each`: a line for each failure. */
export type FailureLines = "off" | "grouped" | "each";

export type FailureLogOptions = {
  readonly lines: Exclude<FailureLines, "off">;
  /** Most lines of `each` in a second. */
  readonly perSecond: number;
  readonly later: Later;
  /** SHA-256 in hex of a record's value. */
  readonly digestOf: (value: Uint8Array | null) => string;
};

/** Logs failures one by one or by group. */
export type FailureLog = {
  /** Collects the failures of a batch. `stored` writes them, once the batch is stored; `conflicts` were found only then. */
  readonly batch: () => {
    readonly see: (row: FailedRow) => void;
    readonly stored: (conflicts: readonly FailedRow[]) => void;
  };
  /** Logs a verdict FAILED. */
  readonly verdict: (verdict: LoggedVerdict & Traced) => void;
};

type Traced = { readonly digest: string; readonly trace: TraceContext | null };

/** How often a group that goes on has a line again, in milliseconds. */
const GROUPS_EVERY_MS = 60_000;

type Failure = FieldsOf<"record.failed">;
type Refusal = FieldsOf<"verdict.failed">;

/** Opens the log of failures. No line holds anything of a payload, a key or a header but the ids of a trace. */
export function openFailureLog(log: Logger, options: FailureLogOptions): FailureLog {
  return options.lines === "each" ? eachFailure(log, options) : groupedFailures(log, options);
}

/** A line for each failure. Where there are more than so many in a second, one line says how many had none. */
function eachFailure(log: Logger, { perSecond, later, digestOf }: FailureLogOptions): FailureLog {
  let used = 0;
  let unlogged = 0;
  let isCounting = false;
  const renew = (): void => {
    if (unlogged > 0) log.write("failures.unlogged", { "sigma.count": unlogged });
    isCounting = used > 0;
    used = 0;
    unlogged = 0;
    if (isCounting) later(1_000, renew);
  };
  /** How many of the wanted lines may be written in this second. */
  const spend = (wanted: number): number => {
    if (wanted > 0 && !isCounting) later(1_000, renew);
    isCounting ||= wanted > 0;
    const given = Math.min(wanted, perSecond - used);
    used += given;
    unlogged += wanted - given;
    return given;
  };
  return {
    batch: () => {
      const lines: Failure[] = [];
      let count = 0;
      const see = (row: FailedRow): void => {
        count += 1;
        if (lines.length < perSecond) lines.push(failureFields(row, digestOf));
      };
      return {
        see,
        stored: (conflicts) => {
          conflicts.forEach(see);
          for (const line of lines.slice(0, spend(count))) log.write("record.failed", line);
        },
      };
    },
    verdict: (verdict) => {
      if (spend(1) === 1) log.write("verdict.failed", refusalFields(verdict));
    },
  };
}

/** A line for the first failure of a group in a stream, then one each minute, with the number of them and the latest. */
function groupedFailures(log: Logger, { later, digestOf }: FailureLogOptions): FailureLog {
  const every = { everyMs: GROUPS_EVERY_MS, later };
  const records = createSummaries(every, latest<FieldsOf<"records.failed">>, (line) =>
    log.write("records.failed", line),
  );
  const verdicts = createSummaries(every, latest<FieldsOf<"verdicts.failed">>, (line) =>
    log.write("verdicts.failed", line),
  );
  return {
    batch: () => {
      const groups = new Map<string, { count: number; readonly line: Failure }>();
      const see = (row: FailedRow): void => {
        const group = groups.get(row.fingerprint);
        if (group === undefined) groups.set(row.fingerprint, { count: 1, line: failureFields(row, digestOf) });
        else group.count += 1;
      };
      return {
        see,
        stored: (conflicts) => {
          conflicts.forEach(see);
          for (const [fingerprint, { count, line }] of groups) {
            const key = `${fingerprint} ${line["messaging.destination.name"]}/${line["messaging.destination.partition.id"]}`;
            records.add(key, { ...line, "sigma.count": count });
          }
        },
      };
    },
    verdict: (verdict) => {
      const line = refusalFields(verdict);
      verdicts.add(`${line["sigma.fingerprint"]} ${line["http.route"]}`, { ...line, "sigma.count": 1 });
    },
  };
}

function latest<Line extends { readonly "sigma.count": number }>(before: Line, after: Line): Line {
  return { ...after, "sigma.count": before["sigma.count"] + after["sigma.count"] };
}

function failureFields(row: FailedRow, digestOf: FailureLogOptions["digestOf"]): Failure {
  const { position, id, reason, fingerprint, contract, raw, headers } = row;
  return {
    ...streamFields(position),
    "sigma.offset": String(position.offset),
    "sigma.decision.id": id,
    "error.type": failureCode(reason),
    "sigma.fingerprint": fingerprint,
    "sigma.record.digest": digestOf(raw),
    ...contractFields(contract),
    ...traceFields(traceOf(headers)),
  };
}

function refusalFields({ route, contract, code, fingerprint, digest, trace }: LoggedVerdict & Traced): Refusal {
  return {
    "http.route": route,
    "error.type": code ?? "",
    "sigma.fingerprint": fingerprint ?? "",
    "sigma.record.digest": digest,
    ...contractFields(contract),
    ...traceFields(trace),
  };
}

function contractFields(contract: LoggedVerdict["contract"]) {
  if (contract === null) return {};
  const { subject, version, digest } = contract;
  return { "sigma.contract": `${subject}@${version}`, "sigma.contract.digest": digest };
}
