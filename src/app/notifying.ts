import { lookup } from "node:dns/promises";
import { appendFile, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { NotifyConfig } from "../config/notify-config.ts";
import type { TraceCall } from "../core/trace-context.ts";
import { Unavailable } from "../core/unavailable.ts";
import { holdsRedriven } from "../failures/redriven.ts";
import type { Observe } from "../gateway/event.ts";
import type { GroupWatch, GroupWatchDeps, Mute } from "../notify/group-watch.ts";
import type { Notifier } from "../notify/notifier.ts";
import type { ReportNotify, Sink } from "../notify/sink.ts";
import type { Webhook, WebhookDeps } from "../notify/webhook.ts";
import type { Store } from "../store/store.ts";
import type { Engine } from "./engine.ts";

/** Whether anybody is configured to be notified. */
export function isNotifying({ webhooks, file, stdout }: NotifyConfig): boolean {
  return webhooks.length > 0 || file !== null || stdout;
}

/** The configured webhooks. */
export async function webhooksOf({ webhooks, secretsFile }: NotifyConfig): Promise<readonly Webhook[]> {
  const { parseSecret } = await import("../notify/signature.ts");
  return webhooks.map(({ url, format, events, secrets }): Webhook => ({
    name: `webhook ${new URL(url).host}`,
    url: new URL(url),
    format,
    events,
    keys: async () => {
      const texts = secrets ?? (await secretsIn(secretsFile ?? ""));
      const keys = texts.map(parseSecret).filter((key) => key !== null);
      if (keys.length > 0 && keys.length === texts.length) return keys;
      throw new Error("notify.secrets_file holds no secrets, or a line that is none");
    },
  }));
}

async function secretsIn(file: string): Promise<readonly string[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`notify.secrets_file cannot be read: ${error.code ?? error.name}`);
  });
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** What webhooks send with. @throws the system's error when `notify.ca_file` cannot be read. */
export async function webhookDeps(
  { allowAddresses, caFile, timeoutMs }: NotifyConfig,
  report: ReportNotify,
): Promise<WebhookDeps> {
  const { createAddressRule } = await import("../notify/address.ts");
  return {
    classify: createAddressRule(allowAddresses),
    resolve: async (host) => lookup(host, { all: true }),
    ca: caFile === null ? null : await readFile(caFile, "utf8"),
    timeoutMs,
    report,
    now: Date.now,
    random: Math.random,
    sleep,
  };
}

/** The sinks that write lines. */
export async function lineSinks({ file, stdout }: NotifyConfig, report: ReportNotify): Promise<readonly Sink[]> {
  const { createLineSink } = await import("../notify/lines.ts");
  const sinks: Sink[] = [];
  if (file !== null) sinks.push(createLineSink(`file ${file}`, async (line) => appendFile(file, line), report));
  if (stdout) sinks.push(createLineSink("stdout", print, report));
  return sinks;
}

async function print(line: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  process.stdout.write(line, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  return promise;
}

type Observing = { readonly observe: Observe; readonly close: () => Promise<void> };

/**
 * Notifies of what an observer of the gateway's events hears.
 * @param to where the outcomes of deliveries are reported, and the address that the gateway listens on, for links when
 * `notify.api_url` is not set; null: nobody is notified, whatever is configured.
 * @returns an observer to use in place of `heard`, which it calls and closes.
 */
export async function notifyToo(
  { notify }: Config,
  { store: { reads } }: Engine,
  heard: Observing,
  to: { readonly url: string; readonly report: ReportNotify; readonly traceCall?: TraceCall } | null,
): Promise<Observing> {
  if (to === null || !isNotifying(notify)) return heard;
  const notifier = await openNotifier(notify, reads, to.url, to.report, to.traceCall);
  const groups = await watchGroups(notify, reads, notifier);
  return {
    observe: (event) => {
      notifier.observe(event);
      const isOfGroups = event.kind === "batch-settled" || event.kind === "tail-redone";
      if (isOfGroups && !holdsRedriven({ stream: event.stream.id }))
        groups.settled(
          event.groups.map(({ fingerprint }) => fingerprint),
          event.newGroups,
        );
      heard.observe(event);
    },
    close: async () => {
      await groups.close();
      await notifier.close();
      await heard.close();
    },
  };
}

async function openNotifier(
  notify: NotifyConfig,
  reads: Pick<Store["reads"], "halts">,
  url: string,
  report: ReportNotify,
  traceCall?: TraceCall,
): Promise<Notifier> {
  const { createNotifier } = await import("../notify/notifier.ts");
  const { startWebhook } = await import("../notify/webhook.ts");
  const { STREAM_ENDED } = await import("../gateway/wait-for-operator.ts");
  const deps = { ...(await webhookDeps(notify, report)), ...(traceCall === undefined ? {} : { traceCall }) };
  const webhooks = (await webhooksOf(notify)).map((webhook) => startWebhook(webhook, deps));
  const sinks = [...webhooks, ...(await lineSinks(notify, report))];
  const { perMinute, apiUrl } = notify;
  const halted = (await haltsIn(reads)).filter(({ code }) => code !== STREAM_ENDED);
  return createNotifier({ sinks, apiUrl: apiUrl ?? url, perMinute, halted, now: Date.now, sleep });
}

/** Watches the counters of groups that got failures. What operators muted is read from the operator log. */
async function watchGroups(
  { threshold }: NotifyConfig,
  reads: Store["reads"],
  { appeared, passed }: Notifier,
): Promise<GroupWatch> {
  const { startGroupWatch } = await import("../notify/group-watch.ts");
  const { openGroupBooks } = await import("../failures/group-state.ts");
  const books = openGroupBooks(reads);
  const mutes = async (): Promise<ReadonlyMap<string, Mute>> => {
    const muted = new Map<string, Mute>();
    for (const [fingerprint, { state }] of await books()) if (state.kind === "muted") muted.set(fingerprint, state);
    return muted;
  };
  const watched: GroupWatchDeps["reads"] = {
    groupCounters: reads.groupCounters,
    streamNotes: async () => (await reads.streamNotes()).map((note) => ({ ...note, isRedriven: holdsRedriven(note) })),
  };
  return startGroupWatch({ reads: watched, threshold, mutes, appeared, passed, now: Date.now, sleep });
}

async function haltsIn(reads: Pick<Store["reads"], "halts">): ReturnType<Store["reads"]["halts"]> {
  try {
    return await reads.halts();
  } catch (error) {
    // A store that is away is no reason not to start: the streams wait for it.
    if (!(error instanceof Unavailable)) throw error;
    return [];
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
