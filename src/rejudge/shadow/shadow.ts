import type { ContractSet } from "../../core/contract-set.ts";
import type { Decided } from "../../gateway/decided.ts";
import { candidateFrom } from "../candidate.ts";
import {
  openShadowThread,
  type ShadowLimits,
  type ShadowSnapshot,
  type ShadowThread,
  type ShadowVersion,
} from "./thread.ts";

/** A shadow version as the setting names it, such as `shipment@2`. */
export type ShadowName = { readonly subject: string; readonly version: number };

/** A settled batch of a topic; `subject` is null when no contract is bound to the topic. */
type ShadowedBatch = {
  readonly stream: { readonly topic: string; readonly partition: number };
  readonly subject: string | null;
  readonly decided: readonly Decided[];
};

/**
 * Candidates that judge live traffic in addition to the deciding version. No decision waits for them or depends on
 * them.
 */
export type Shadow = {
  /** Sends copies of a settled batch to the candidates. Never waits, never throws. */
  readonly offer: (batch: ShadowedBatch) => void;
  /** The counts of each candidate so far, in the order of the setting. Plain data, for metrics and for people. */
  readonly snapshot: () => readonly ShadowSnapshot[];
  /**
   * Takes the candidates from another contract set. An unchanged candidate continues, a changed one restarts, a missing
   * one ends.
   */
  readonly update: (set: ContractSet) => void;
  readonly close: () => Promise<void>;
};

/** Collects a batch and offers it to the candidates once it is stored, so that they get all its records at once. */
export function observeWithShadow(
  shadow: Shadow,
  stream: ShadowedBatch["stream"],
  subject: string | null,
): { readonly see: (row: Decided) => void; readonly stored: () => Promise<void> } {
  const decided: Decided[] = [];
  return { see: (row) => void decided.push(row), stored: async () => shadow.offer({ stream, subject, decided }) };
}

type Running = { readonly key: string; readonly subject: string; readonly thread: ShadowThread };

/** Opens a thread for each named version that the set has. */
export function openShadow(names: readonly ShadowName[], set: ContractSet, limits: ShadowLimits): Shadow {
  let running: readonly Running[] = [];
  const ending = new Set<Promise<void>>();
  const end = (thread: ShadowThread): void => {
    const ended = thread.close().finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const update = (next: ContractSet): void => {
    const before = new Map(running.map((one) => [one.key, one]));
    running = names.flatMap((name): readonly Running[] => {
      const version = shadowVersion(next, name);
      if (version === null) return [];
      const key = keyOf(name, version);
      const known = before.get(key);
      before.delete(key);
      return [known ?? { key, subject: name.subject, thread: openShadowThread(version, limits) }];
    });
    for (const { thread } of before.values()) end(thread);
  };
  update(set);
  return {
    offer: ({ stream, subject, decided }) => {
      const { topic, partition } = stream;
      for (const one of running) if (one.subject === subject) one.thread.offer(topic, partition, decided);
    },
    snapshot: () => running.map(({ thread }) => thread.snapshot()),
    update,
    close: async () => {
      for (const { thread } of running) end(thread);
      running = [];
      await Promise.all(ending);
    },
  };
}

function shadowVersion(set: ContractSet, { subject, version }: ShadowName): ShadowVersion | null {
  const candidate = candidateFrom(set, subject, version);
  const versions = set.contracts.find((one) => one.subject === subject)?.versions ?? [];
  const identities = versions.map((one) => [one.version, one.identity] as const);
  return candidate === null ? null : { candidate, identities };
}

/**
 * A key of everything that a candidate's results depend on. The status does not matter: a draft that becomes active is
 * the same version.
 */
function keyOf({ subject }: ShadowName, { candidate, identities }: ShadowVersion): string {
  return JSON.stringify([subject, candidate.version.digest, candidate.limits, identities]);
}
