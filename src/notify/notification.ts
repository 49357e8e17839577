import { hash } from "node:crypto";

/** A group of failures as notifications show it. Nothing of a payload is in it. */
export type GroupFacts = {
  readonly fingerprint: string;
  /** Failure code. */
  readonly code: string;
  /** `shipment@1`; null where no version could judge the records. */
  readonly contract: string | null;
  readonly topics: readonly string[];
  readonly count: number;
  /** Times of records, ISO 8601. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Where the API has the group. */
  readonly link: string;
};

/** A stream as notifications show it. */
export type StreamFacts = {
  readonly topic: string;
  readonly partition: number;
  readonly code: string;
  /** When this process saw that the stream is halted, ISO 8601. */
  readonly haltedAt: string;
  /** Where the API has the state of all streams. */
  readonly link: string;
};

/** What happened. `type` and `data` are the members of those names in the body of a webhook. */
export type NotifiedEvent =
  | { readonly type: "group-appeared"; readonly data: GroupFacts }
  | { readonly type: "group-passed-threshold"; readonly data: GroupFacts & { readonly threshold: number } }
  | {
      readonly type: "stream-halted";
      readonly data: StreamFacts & { readonly message: string; readonly remedy: string };
    }
  | { readonly type: "stream-resumed"; readonly data: StreamFacts }
  /** More groups than `notify.per_minute` had something to tell. */
  | { readonly type: "notifications-withheld"; readonly data: { readonly count: number; readonly link: string } }
  | { readonly type: "test"; readonly data: { readonly message: string } };

export type NotifiedType = NotifiedEvent["type"];

/** Every type that a webhook can ask for. */
export const NOTIFIED_TYPES: readonly NotifiedType[] = [
  "group-appeared",
  "group-passed-threshold",
  "stream-halted",
  "stream-resumed",
  "notifications-withheld",
  "test",
];

/** An event with its id, which stays the same at each delivery, and when it was noticed. */
export type Notification = { readonly id: string; readonly timestamp: string; readonly event: NotifiedEvent };

/** The id of an event: the same for the same parts in every process, so that receivers know a repetition by it. */
export function notificationId(...parts: readonly (string | number)[]): string {
  return `msg_${hash("sha256", JSON.stringify(parts)).slice(0, 32)}`;
}

/** The notification as one JSON object: the body of a standard webhook and a line of a file. */
export function notificationJson({ timestamp, event }: Notification): string {
  return JSON.stringify({ type: event.type, timestamp, data: event.data });
}

/** One sentence for people. */
export function describeNotification({ event }: Notification): string {
  switch (event.type) {
    case "group-appeared":
      return `New group of failures: ${describeGroup(event.data)}`;
    case "group-passed-threshold":
      return `A group of failures passed ${event.data.threshold}: ${describeGroup(event.data)}`;
    case "stream-halted":
      return `Stream ${streamName(event.data)} is halted (${event.data.code}): ${event.data.message}. ${event.data.remedy}`;
    case "stream-resumed":
      return `Stream ${streamName(event.data)} goes on after ${event.data.code}`;
    case "notifications-withheld":
      return `${event.data.count} more notifications about groups of failures were not sent: too many in a minute`;
    case "test":
      return event.data.message;
  }
}

/** Where to look further; null for a test. */
export function linkOf({ event }: Notification): string | null {
  return event.type === "test" ? null : event.data.link;
}

function describeGroup({ code, contract, topics, count, fingerprint }: GroupFacts): string {
  return `${code} by ${contract ?? "no contract"} in ${topics.join(", ")}, ${count} so far (${fingerprint})`;
}

function streamName({ topic, partition }: StreamFacts): string {
  return `${topic}/${partition}`;
}
