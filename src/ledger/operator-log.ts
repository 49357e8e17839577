import type { HaltCode } from "../core/unavailable.ts";
import { hash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import { GENESIS } from "./entry.ts";

/** An action of an operator on a store: one link of the append-only hash chain of the operator log. */
export type OperatorAction = {
  /** 0, 1, 2 ... without a gap. */
  readonly seq: number;
  /** `hash` of the action before; 64 zeros for seq 0. */
  readonly prevHash: string;
  /** Time of the action by the clock of the operator's machine, ISO 8601. */
  readonly at: string;
  readonly actor: string;
  readonly action:
    | "resume"
    | "accept-gap"
    | "accept-loss"
    | "accept-log"
    | "replace"
    /** Announces that records of an entry will be erased; it is written before they are. */
    | "erase"
    /** The announced erasures of a stream are done. */
    | "erased"
    /** Announces that retention takes what is of entries before one; it is written before anything goes. */
    | "retain"
    /** The announced retention of a stream is done. */
    | "retained"
    /** Somebody is shown bytes that are redacted for others; it is written before they are shown. */
    | "reveal"
    | "migrate"
    /** The state, the owner, or a note of a group of failures; the target is its fingerprint. */
    | "group-state"
    | "group-owner"
    | "group-note"
    | "activate"
    | "deprecate"
    | "retire"
    /** A redrive plan is stored; its detail has the digests of the plan. */
    | "redrive-plan"
    | "redrive-run"
    | "redrive-pause"
    | "redrive-cancel"
    /** A run decided every record of its plan. */
    | "redrive-done"
    /** An API key is made; the target is its id. */
    | "key-new"
    /** An API key takes the place of the target, which ends. */
    | "key-rotate"
    | "key-revoke"
    /** Announces that corrected bytes of a failure are appended to its topic, as a new record; it is written before they are. */
    | "correct"
    /** The announced bytes are appended; the detail says where. */
    | "corrected";
  /** The object of the action: a stream id, a log id, or a contract version such as shipment@1, a redrive plan, a failure. */
  readonly target: string;
  /** The operator's reason. */
  readonly reason: string;
  /** Details of the action, such as the range "[10, 25)". */
  readonly detail: string;
  /** SHA-256 of the RFC 8785 form of everything above, hex. */
  readonly hash: string;
};

/** Makes the link that follows `previous`, with its hash. */
export function sealAction(
  previous: OperatorAction | null,
  action: Omit<OperatorAction, "seq" | "prevHash" | "hash">,
): OperatorAction {
  const open = { ...action, seq: (previous?.seq ?? -1) + 1, prevHash: previous?.hash ?? GENESIS };
  return { ...open, hash: actionHash(open) };
}

/** Computes the hash of an action. */
export function actionHash(given: Omit<OperatorAction, "hash">): string {
  const { seq, prevHash, at, actor, action, target, reason, detail } = given;
  return hash("sha256", canonicalText({ seq, prevHash, at, actor, action, target, reason, detail }));
}

/** The halt of a stream, as the gateway that halted it wrote it to the store. It is removed when the stream runs again. */
export type HaltNote = {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  /** `STREAM_ENDED`: another stream has taken the place of this one, so nothing can or need be done. */
  readonly code: HaltCode | "STREAM_ENDED";
  readonly message: string;
  readonly remedy: string;
};
