import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { isNotifying, lineSinks, webhookDeps, webhooksOf } from "../../../app/notifying.ts";
import { EXIT } from "../../../config/codes.ts";
import { notificationId, type Notification } from "../../../notify/notification.ts";
import type { Posted } from "../../../notify/post.ts";
import { deliver } from "../../../notify/webhook.ts";
import { printJson, printTable } from "../../terminal/output.ts";
import { usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

type Outcome = { readonly sink: string; readonly ok: boolean; readonly answer: string };

/** `sigma notify test`: sends one test event to every receiver, once, and prints what each answered. */
export async function notifyTest(command: Command, { json }: { readonly json: boolean }): Promise<void> {
  const { notify } = await configFor(command);
  if (!isNotifying(notify)) {
    const remedy = "set notify.webhooks, notify.file or notify.stdout; docs/notifications.md has examples";
    throw usage("SIG-N-001", "Cannot notify: nobody is configured", remedy);
  }
  const notification: Notification = {
    id: notificationId("test", randomUUID()),
    timestamp: new Date().toISOString(),
    event: { type: "test", data: { message: "This is a test of SIGMA-AETL. Nothing happened" } },
  };
  const deps = await webhookDeps(notify, () => undefined);
  const posted = (await webhooksOf(notify)).map(async (webhook): Promise<Outcome> => {
    const outcome = await deliver(deps, webhook, notification, new AbortController().signal);
    const ok = outcome.kind === "answered" && outcome.status >= 200 && outcome.status < 300;
    return { sink: `${webhook.name} (${webhook.format})`, ok, answer: describe(outcome) };
  });
  const outcomes = [...(await Promise.all(posted)), ...(await writeLines(notify, notification))];
  if (json) for (const outcome of outcomes) printJson({ kind: "notified", id: notification.id, ...outcome });
  else printTable(outcomes.map(({ sink, ok, answer }) => [ok ? "ok" : "FAILED", sink, answer]));
  if (outcomes.some(({ ok }) => !ok)) process.exitCode = EXIT.unreachable;
}

async function writeLines(
  config: Parameters<typeof lineSinks>[0],
  notification: Notification,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const sinks = await lineSinks(config, (event) => {
    if (event.kind === "notify-taken") return;
    const ok = event.kind === "notify-delivered";
    outcomes.push({ sink: event.sink, ok, answer: ok ? "written" : event.kind === "notify-lost" ? event.why : "" });
  });
  for (const sink of sinks) {
    sink.send(notification);
    await sink.close();
  }
  return outcomes;
}

function describe(posted: Posted): string {
  return posted.kind === "answered" ? String(posted.status) : posted.why;
}
