import type { Command } from "commander";
import { EXIT } from "../../../config/codes.ts";
import { hasData } from "../../../app/data-directory.ts";
import { openReadOnly } from "../../../app/engine.ts";
import { streamStates } from "../../../operator/stream-states.ts";
import { undecidedOffsets } from "../../../source/undecided.ts";
import { asciiControls, counted, grouped, print, printJson, printTable, styled } from "../../terminal/output.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { Refusal } from "../../terminal/refusal.ts";
import { requestGateway } from "../../terminal/remote.ts";
import { NO_LIMIT, renderStatus } from "../observe/render-status.ts";
import { askStatus } from "../observe/status-view.ts";
import { configFor } from "../../terminal/settings.ts";
import { printTally, tallyJson, type Tally } from "../../terminal/tally.ts";

type Options = { readonly url?: string; readonly json: boolean };

type StreamStatus = {
  readonly topic: string;
  readonly partition: number;
  /** Records at offsets below it are decided and stored; null before the first batch. */
  readonly settledTo: bigint | null;
  readonly end: bigint;
  /** Offsets between the two, where a record is among them. */
  readonly undecided: bigint;
};

/** `sigma status`: shows the content of the data directory, or the readiness of a running gateway. */
export async function status(command: Command, options: Options): Promise<void> {
  if (options.url !== undefined) return statusOf(options.url, options.json);
  const config = await configFor(command);
  if (!hasData(config)) return printEmpty(config.dataDir, options.json);
  const { log, logFile, store, close } = await openReadOnly(config);
  try {
    if (log === null && (await store.reads.streams()).length === 0) return printEmpty(config.dataDir, options.json);
    if (log === null) throw logMissing(logFile);
    const { validated, failed, receipts } = await store.reads.tally();
    const failures = new Map((await store.reads.failureCounts()).map(({ code, count }) => [code, count]));
    const tally: Tally = { records: validated + failed + receipts, stored: validated, duplicates: receipts, failures };
    const streams: StreamStatus[] = [];
    for (const state of await streamStates(log, store)) {
      if (state.kind !== "current") continue;
      const { stream, settledTo, logEnd: end } = state;
      const undecided = await undecidedOffsets(log, stream, settledTo, end);
      streams.push({ topic: stream.topic, partition: stream.partition, settledTo, end, undecided });
    }
    if (options.json)
      return printJson({ kind: "status", dataDir: config.dataDir, empty: false, ...tallyJson(tally), streams });
    printTally(tally);
    print("");
    printStreams(streams);
  } finally {
    await close();
  }
}

function printEmpty(dataDir: string, json: boolean): void {
  if (json) return printJson({ kind: "status", dataDir, empty: true });
  print(`${dataDir} holds no data yet. Begin with: ${toRun("start")}`);
}

function logMissing(path: string): Refusal {
  return new Refusal(
    "SIG-I-030",
    `Cannot show how far the log is decided: "${path}" is missing, and the store has decided records of it`,
    "put it back, log.db and log.db-wal together; sigma audit says what is decided",
    EXIT.findings,
  );
}

function printStreams(streams: readonly StreamStatus[]): void {
  const rows = streams.map(({ topic, partition, settledTo, end, undecided }) => {
    const waiting = undecided === 0n ? "everything decided" : `${counted(Number(undecided), "offset")} not decided yet`;
    return [`${topic}/${partition}`, String(settledTo ?? 0), String(end), waiting];
  });
  printTable([["STREAM", "SETTLED TO", "LOG END", ""], ...rows], [1, 2]);
}

/**
 * Asks a gateway for readiness: 200 when every stream runs, 503 when one does not. Neither is an error. What it does now is printed as
 * `sigma top` draws it, where it can be asked.
 */
async function statusOf(url: string, json: boolean): Promise<void> {
  const response = await requestGateway(url, "/readyz");
  const body: unknown = await response.json().catch(() => null);
  const ready = response.status === 200;
  process.exitCode = ready ? EXIT.ok : EXIT.unreachable;
  const now = await askStatus(url).catch(() => null);
  if (json) return printJson({ kind: "readiness", url, ready, answer: body, status: now });
  if (now !== null)
    return renderStatus({ url, status: now, before: null, trouble: null }, NO_LIMIT).forEach((line) => print(line));
  print(
    ready
      ? `${styled("green", "ready")}  ${url}`
      : `${styled("red", "not ready")}  ${url}  (${grouped(response.status)})`,
  );
  print(asciiControls(JSON.stringify(body, null, 2)));
}
