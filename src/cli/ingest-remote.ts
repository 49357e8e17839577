import { setTimeout as delay } from "node:timers/promises";
import { EXIT } from "../codes.ts";
import type { Config } from "../config.ts";
import { readInputs, resumeHint, type IngestOptions, type Sink } from "./ingest.ts";
import type { Input } from "./inputs.ts";
import { counted, note, print, printJson } from "./output.ts";
import { createProgress } from "./progress.ts";
import { Refusal } from "./refusal.ts";
import { onInterruption } from "./signals.ts";
import { requestGateway } from "./remote.ts";

type Remote = {
  readonly url: string;
  readonly topic: string;
  readonly inputs: readonly Input[];
  readonly fromLine: number;
  readonly config: Config;
  readonly options: IngestOptions;
};

/** A gateway that cannot take records now says how long to wait; this many times it is believed. */
const BUSY_RETRIES_MAX = 30;

/** Sends each batch as one NDJSON request; the gateway answers when it is durable in its log. */
export async function ingestRemotely({ url, topic, inputs, fromLine, config, options }: Remote): Promise<void> {
  const interruption = onInterruption(config.shutdownDeadlineMs);
  const progress = createProgress(options.quiet ? "none" : options.json ? "json" : "text");
  let sent = 0;
  const sink: Sink = {
    add: async (batch) => {
      for (const run of runsOf(batch.lines)) {
        await send(url, topic, run);
        sent += run.length;
      }
    },
    settle: async () => undefined,
    count: () => sent,
    failed: () => 0,
  };
  try {
    const stop = await readInputs({ inputs, fromLine, config, topic, options }, sink, progress, interruption.signal);
    progress.end();
    if (options.json) printJson({ kind: "accepted", topic, records: sent });
    else
      print(
        `${counted(sent, "record")} accepted by ${url} for topic ${topic}; sigma status --url ${url} shows how far they are decided`,
      );
    if (stop !== null) note(resumeHint(stop));
    process.exitCode = interruption.exitCode() ?? EXIT.ok;
  } finally {
    progress.end();
    interruption.dispose();
  }
}

/** Records as they may share a request: a text over several lines is no line, so it goes alone, its bytes as they are. */
function runsOf(records: readonly Buffer[]): readonly (readonly Buffer[])[] {
  const runs: Buffer[][] = [];
  let open: Buffer[] | null = null;
  for (const record of records) {
    if (record.includes(LINE_FEED)) {
      runs.push([record]);
      open = null;
    } else if (open === null) runs.push((open = [record]));
    else open.push(record);
  }
  return runs;
}

async function send(url: string, topic: string, records: readonly Buffer[]): Promise<void> {
  const [first] = records;
  const alone = records.length === 1 && first?.includes(LINE_FEED) === true ? first : null;
  const body = alone ?? Buffer.concat(records.flatMap((record) => [record, LINE_FEED]));
  for (let retry = 0; ; retry += 1) {
    const response = await requestGateway(url, `/v1/events/${encodeURIComponent(topic)}`, {
      method: "POST",
      headers: { "content-type": alone === null ? "application/x-ndjson" : "application/json" },
      body,
    });
    if (response.status < 300) return void (await response.arrayBuffer());
    const busy = response.status === 503 || response.status === 429;
    if (!busy || retry === BUSY_RETRIES_MAX) throw await refusedBy(response, url);
    await response.arrayBuffer();
    await delay(Math.min(30, Math.max(1, Number(response.headers.get("retry-after") ?? 1) || 1)) * 1_000);
  }
}

const LINE_FEED = Buffer.from("\n");

/** What the gateway says of itself (RFC 9457). */
async function refusedBy(response: Response, url: string): Promise<Refusal> {
  const problem: unknown = await response.json().catch(() => null);
  const { title, detail, code, remedy } = (typeof problem === "object" && problem !== null ? problem : {}) as Readonly<
    Record<string, unknown>
  >;
  const text = [code, detail ?? title].filter((part) => typeof part === "string").join(" ");
  const message = `Cannot ingest into ${url}: it answered ${response.status}${text === "" ? "" : `: ${text}`}`;
  const exitCode = response.status >= 500 ? EXIT.unreachable : EXIT.usage;
  return new Refusal(
    "SIG-R-002",
    message,
    typeof remedy === "string" ? remedy : "see the log of the gateway",
    exitCode,
  );
}
