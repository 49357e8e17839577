import { requestGateway } from "../../terminal/remote.ts";

/** The answer of `GET /v1/status`, as far as it is shown. */
export type StatusView = {
  readonly version: string;
  /** ISO 8601. */
  readonly now: string;
  readonly upSeconds: number;
  readonly ready: boolean;
  readonly decided: DecidedCounts;
  readonly streams: readonly StreamView[];
  /** Absent where the gateway moves nothing to lanes. */
  readonly router?: readonly RoutedView[];
  readonly groups: readonly GroupView[];
  /** Why groups and objectives are not known now; absent when they are. */
  readonly storeTrouble?: StreamView["trouble"];
  readonly objectives: readonly {
    readonly name: string;
    readonly state: "met" | "breached" | "no-data";
    readonly budgetLeft: number;
    readonly firing: "page" | "ticket" | null;
  }[];
};

export type DecidedCounts = {
  readonly decided: number;
  readonly passed: number;
  readonly failed: number;
  readonly duplicates: number;
};

export type StreamView = {
  readonly topic: string;
  readonly partition: number;
  readonly state: string;
  readonly settledTo: number | null;
  readonly lag: number | null;
  readonly lagSeconds: number | null;
  /** Of the records of its topic, from 0 to 1; absent or null where it is not counted. */
  readonly share?: number | null;
  readonly hotKeys?: readonly { readonly key: string; readonly share: number }[];
  readonly trouble: { readonly code: string; readonly message: string; readonly remedy: string } | null;
};

/** A stream whose records are moved to lanes. */
export type RoutedView = Omit<StreamView, "settledTo"> & { readonly movedTo: number | null };

export type GroupView = {
  readonly fingerprint: string;
  readonly code: string;
  /** What is wrong, in one line; absent where no failure is kept. */
  readonly why?: string;
  readonly contract: { readonly subject: string; readonly version: number } | null;
  readonly recent: number;
  readonly count: number;
  /** ISO 8601. */
  readonly last: string | null;
};

/** Asks a gateway. @returns null where it is one that does not know the question yet. @throws Refusal when it does not answer. */
export async function askStatus(url: string): Promise<StatusView | null> {
  const response = await requestGateway(url, "/v1/status");
  return response.ok ? ((await response.json()) as StatusView) : null;
}
