import type { Notification } from "./notification.ts";

/** A place where notifications go. Nothing of the gateway waits for one. */
export type Sink = {
  /** For logs: without the path of a URL, which may be a secret. */
  readonly name: string;
  /** Takes a notification and returns at once. */
  readonly send: (notification: Notification) => void;
  /** Makes a last attempt for what still waits, within a bounded time, and reports what is lost. */
  readonly close: () => Promise<void>;
};

/** What became of deliveries. No event holds a URL's path, a secret or an answer's body. */
export type NotifyEvent =
  /** A sink took a notification: it waits there until it is delivered or lost. */
  | { readonly kind: "notify-taken"; readonly sink: string }
  | { readonly kind: "notify-delivered"; readonly sink: string; readonly id: string }
  /** An attempt failed; it is made again after `retryInMs`. */
  | { readonly kind: "notify-trouble"; readonly sink: string; readonly why: string; readonly retryInMs: number }
  /**
   * Notifications that are not delivered any more: `failed` after attempts that the receiver did not take, `dropped` because too many
   * waited or the gateway stopped.
   */
  | {
      readonly kind: "notify-lost";
      readonly sink: string;
      readonly result: "failed" | "dropped";
      readonly count: number;
      readonly why: string;
    }
  /** The receiver answered 410: nothing more is sent to it until the next start. */
  | { readonly kind: "notify-gone"; readonly sink: string };

export type ReportNotify = (event: NotifyEvent) => void;
