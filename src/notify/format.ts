import { describeNotification, linkOf, notificationJson, type Notification } from "./notification.ts";

/** Who reads the body: a receiver of Standard Webhooks, Slack's incoming webhooks, or Alertmanager's API. */
export type WebhookFormat = "standard" | "slack" | "alertmanager";

export const WEBHOOK_FORMATS: readonly WebhookFormat[] = ["standard", "slack", "alertmanager"];

/** The body of a webhook; the same text at each attempt. */
export function bodyOf(format: WebhookFormat, notification: Notification): string {
  switch (format) {
    case "standard":
      return notificationJson(notification);
    case "slack":
      return JSON.stringify({ text: slackText(notification) });
    case "alertmanager":
      return JSON.stringify([alertOf(notification)]);
  }
}

/** Slack reads & < > as markup: escaped, a text of others forges no link and calls no channel. */
function slackText(notification: Notification): string {
  const text = escapeSlack(describeNotification(notification));
  const link = linkOf(notification);
  return link === null ? text : `${text}\n<${escapeSlack(link).replaceAll("|", "%7C")}|Look at it>`;
}

function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** An alert of Alertmanager's API v2. Alerts with the same labels are one. */
type Alert = {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
};

const HOUR_MS = 3_600_000;
/**
 * How long an alert stands, since nobody sends it again, in milliseconds. Without an end Alertmanager would take it back after its
 * `resolve_timeout`, 5 minutes. A halt is taken back when its stream goes on.
 */
const STANDS_MS = { group: HOUR_MS, halt: 168 * HOUR_MS, test: HOUR_MS / 60 };

function alertOf(notification: Notification): Alert {
  const { timestamp } = notification;
  const link = linkOf(notification);
  const annotations = { summary: describeNotification(notification) };
  const rest = { annotations, ...(link === null ? {} : { generatorURL: link }) };
  const { event } = notification;
  switch (event.type) {
    case "group-appeared":
    case "group-passed-threshold": {
      const { fingerprint, code, contract } = event.data;
      const alertname = event.type === "group-appeared" ? "SigmaGroupAppeared" : "SigmaGroupPassedThreshold";
      const labels = { alertname, severity: "warning", fingerprint, code, contract: contract ?? "none" };
      return { ...rest, labels, startsAt: timestamp, endsAt: later(timestamp, STANDS_MS.group) };
    }
    // The two have the same labels: the second takes the first back.
    case "stream-halted":
    case "stream-resumed": {
      const { topic, partition, haltedAt } = event.data;
      const labels = { alertname: "SigmaStreamHalted", severity: "critical", topic, partition: String(partition) };
      const endsAt = event.type === "stream-resumed" ? timestamp : later(timestamp, STANDS_MS.halt);
      return { ...rest, labels, startsAt: haltedAt, endsAt };
    }
    case "notifications-withheld":
    case "test": {
      const alertname = event.type === "test" ? "SigmaTest" : "SigmaNotificationsWithheld";
      const endsAt = later(timestamp, event.type === "test" ? STANDS_MS.test : STANDS_MS.group);
      return { ...rest, labels: { alertname, severity: "info" }, startsAt: timestamp, endsAt };
    }
  }
}

function later(timestamp: string, ms: number): string {
  return new Date(Date.parse(timestamp) + ms).toISOString();
}
