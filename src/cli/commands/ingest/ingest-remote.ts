import { setTimeout as delay } from "node:timers/promises";
import { EXIT } from "../../../config/codes.ts";
import { createFirstFailures, printFirstFailures } from "./first-failures.ts";
import type { IngestOptions } from "./ingest-options.ts";
import { readInputs, resumeHint, type Reading, type Sink } from "./ingest-reading.ts";
import { readKey, type GivenFields } from "./new-records.ts";
import { counted, note, print, printJson } from "../../terminal/output.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { createProgress } from "../../terminal/progress.ts";
import { Refusal } from "../../terminal/refusal.ts";
import { requestGateway } from "../../terminal/remote.ts";
import { shellWord } from "../../terminal/shell-word.ts";
import { onInterruption } from "../../terminal/signals.ts";
import { createTallying, failedIn, printTally, tallyJson, type Tally } from "../../terminal/tally.ts";

/** Most retries when the gateway answers that it is busy; each answer says how long to wait. */
const BUSY_RETRIES_MAX = 30;
/** Most records in a request whose decisions are requested. */
const DECISIONS_MAX = 1_000;
/**
 * How long an answer may wait for decisions, in seconds. When a gateway does not decide in that time, later requests do
 * not ask for decisions.
 */
const WAIT_SECONDS = 20;

/**
 * Sends each batch as one NDJSON request. The gateway answers when the batch is durable in its log, with decisions if
 * they come in time.
 */
export async function ingestRemotely(reading: Reading, url: string): Promise<void> {
  const { config, topic, options } = reading;
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  const failures = createFirstFailures(options.showFailures);
  const sender = createSender(url, topic, headersOf(options), isWaitedFor(options));
  const told = createTallying();
  let sent = 0;
  let takenTo = 0;
  const sink: Sink = {
    add: async ({ lines, lineNumbers }, file) => {
      takenTo = 0;
      for (const { from, to } of runsOf(lines)) {
        const taken = (count: number): void => {
          sent += count;
          takenTo = lineNumbers[from + count - 1] ?? takenTo;
        };
        const decisions = await sender.send(lines.slice(from, to), taken);
        for (const [at, { status, code, detail, duplicate }] of decisions.entries()) {
          const failure = code === "" ? status.toLowerCase() : code;
          told.add(status === "PASSED" ? (duplicate ? "duplicate" : "stored") : failure);
          if (status !== "PASSED") failures.add({ file, line: lineNumbers[from + at] ?? 0, code: failure, detail });
        }
      }
    },
    settle: async () => undefined,
    count: () => sent,
    failed: failures.count,
    takenTo: () => takenTo,
  };
  try {
    const stop = await readInputs(reading, sink, progress, interruption.signal);
    progress.end();
    const tally = told.tally();
    printSent(reading, url, sent, tally);
    if (!options.json) printFirstFailures(failures.list(), failedIn(tally));
    else
      printJson({ kind: "accepted", topic, records: sent, decided: tallyJson(tally), firstFailures: failures.list() });
    if (stop !== null) note(resumeHint(stop));
    process.exitCode = interruption.exitCode() ?? exitCodeOf(options.strict, sent, tally);
  } finally {
    progress.end();
    interruption.dispose();
  }
}

/** Whether decisions are requested: waiting for them slows the sender down, so only when they are needed. */
function isWaitedFor({ strict, showFailures }: IngestOptions): boolean {
  return strict || showFailures > 0;
}

/** The exit code. With `--strict` undecided records do not count as a success. */
function exitCodeOf(strict: boolean, sent: number, tally: Tally): number {
  if (!strict) return EXIT.ok;
  if (failedIn(tally) > 0) return EXIT.findings;
  return tally.records < sent ? EXIT.unreachable : EXIT.ok;
}

function printSent({ topic, options }: Reading, url: string, sent: number, tally: Tally): void {
  if (options.json) return;
  const undecided = isWaitedFor(options) ? sent - tally.records : 0;
  const so = undecided === 0 ? "" : `; ${counted(undecided, "record")} not decided yet`;
  print(`${counted(sent, "record")} accepted by ${url} for topic ${topic}${so}`);
  if (tally.records > 0) printTally(tally);
  if (tally.records < sent) print(`How far they are decided: ${toRun("status", ["--url", shellWord(url)])}`);
}

/** The request headers for `--producer` and `--key`. Node writes headers as Latin-1, one character for each byte. */
function headersOf({ producer, key }: GivenFields): Readonly<Record<string, string>> {
  const given = readKey(key);
  const latin1 = (value: string): string => Buffer.from(value, "utf8").toString("latin1");
  return {
    ...(producer === undefined ? {} : { "sigma-producer": latin1(producer) }),
    ...(given?.kind === "text" ? { "sigma-key": latin1(given.text) } : {}),
    ...(given?.kind === "field" ? { "sigma-key-field": latin1(given.pointer) } : {}),
  };
}

/** Groups records that may share a request. A text over several lines is not a line of NDJSON, so it is sent alone. */
function runsOf(records: readonly Buffer[]): readonly { readonly from: number; readonly to: number }[] {
  const runs: { readonly from: number; to: number }[] = [];
  let open: { readonly from: number; to: number } | null = null;
  for (const [at, record] of records.entries()) {
    if (record.includes(LINE_FEED)) {
      runs.push({ from: at, to: at + 1 });
      open = null;
    } else if (open === null || at - open.from >= DECISIONS_MAX) runs.push((open = { from: at, to: at + 1 }));
    else open.to = at + 1;
  }
  return runs;
}

type RemoteDecision = {
  readonly status: string;
  readonly code: string;
  readonly detail: string;
  readonly duplicate: boolean;
};

type Sender = {
  /**
   * @param taken receives the number of the request's records that are in the log, also when it is refused midway.
   * @returns the decision of each record; none when the gateway did not decide in time.
   */
  readonly send: (records: readonly Buffer[], taken: (count: number) => void) => Promise<readonly RemoteDecision[]>;
};

function createSender(url: string, topic: string, given: Readonly<Record<string, string>>, waited: boolean): Sender {
  let waits = waited;
  return {
    send: async (records, taken) => {
      const [first] = records;
      const alone = records.length === 1 && first?.includes(LINE_FEED) === true ? first : null;
      const body = alone ?? Buffer.concat(records.flatMap((record) => [record, LINE_FEED]));
      const type = alone === null ? "application/x-ndjson" : "application/json";
      for (let retry = 0; ; retry += 1) {
        const response = await requestGateway(url, `/v1/events/${encodeURIComponent(topic)}`, {
          method: "POST",
          headers: { "content-type": type, ...given, ...(waits ? { prefer: `wait=${WAIT_SECONDS}` } : {}) },
          body,
        });
        if (response.status < 300) {
          taken(records.length);
          const decisions = await decisionsIn(response);
          waits = waits && decisions.length === records.length;
          return decisions.length === records.length ? decisions : [];
        }
        const busy = response.status === 503 || response.status === 429;
        const problem = await problemIn(response);
        const appended = typeof problem["appended"] === "number" ? problem["appended"] : 0;
        // A request is not repeated when some of its records are in the log.
        if (!busy || retry === BUSY_RETRIES_MAX || appended > 0) {
          if (appended > 0) taken(Math.min(appended, records.length));
          throw refusedBy(response, problem, url);
        }
        await delay(Math.min(30, Math.max(1, Number(response.headers.get("retry-after") ?? 1) || 1)) * 1_000);
      }
    },
  };
}

const LINE_FEED = Buffer.from("\n");

async function decisionsIn(response: Response): Promise<readonly RemoteDecision[]> {
  const body: unknown = await response.json().catch(() => null);
  const decisions = (fieldsOf(body)["decisions"] ?? []) as readonly unknown[];
  return (Array.isArray(decisions) ? decisions : []).map((one) => {
    const { status, code, detail, duplicate } = fieldsOf(one);
    return { status: text(status), code: text(code), detail: text(detail), duplicate: duplicate === true };
  });
}

/** The problem details of an error response (RFC 9457). */
async function problemIn(response: Response): Promise<Readonly<Record<string, unknown>>> {
  return fieldsOf(await response.json().catch(() => null));
}

function refusedBy({ status }: Response, problem: Readonly<Record<string, unknown>>, url: string): Refusal {
  const { title, detail, code, remedy } = problem;
  const answer = [code, detail ?? title].filter((part) => typeof part === "string").join(" ");
  const message = `Cannot ingest into ${url}: it answered ${status}${answer === "" ? "" : `: ${answer}`}`;
  const exitCode = status >= 500 ? EXIT.unreachable : EXIT.usage;
  return new Refusal("SIG-R-002", message, text(remedy) === "" ? "see the log of the gateway" : text(remedy), exitCode);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
