import type { HaltCode } from "../core/unavailable.ts";
import { hash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import { GENESIS } from "./entry.ts";

/** What a person did to a store: one link of an append-only chain. History is never edited, only added to. */
export type OperatorAction = {
  /** 0, 1, 2 ... without a hole. */
  readonly seq: number;
  /** `hash` of the action before; 64 zeros for seq 0. */
  readonly prevHash: string;
  /** When, by the operator's own clock, ISO 8601. */
  readonly at: string;
  readonly actor: string;
  readonly action:
    | "resume"
    | "accept-gap"
    | "accept-loss"
    | "accept-log"
    | "replace"
    /** Records of an entry are erased: announced before it is done. */
    | "erase"
    /** What was announced of a stream is done. */
    | "erased"
    | "migrate"
    | "activate"
    | "deprecate"
    | "retire";
  /** The stream or the log acted on, or the contract version, as in shipment@1. */
  readonly target: string;
  /** Why, in the operator's words. */
  readonly reason: string;
  /** What exactly, for people: "[10, 25)". */
  readonly detail: string;
  /** SHA-256 of the RFC 8785 form of everything above, hex. */
  readonly hash: string;
};

/** The next link after `previous`. */
export function sealAction(
  previous: OperatorAction | null,
  action: Omit<OperatorAction, "seq" | "prevHash" | "hash">,
): OperatorAction {
  const open = { ...action, seq: (previous?.seq ?? -1) + 1, prevHash: previous?.hash ?? GENESIS };
  return { ...open, hash: actionHash(open) };
}

/** The hash an action must carry. */
export function actionHash(given: Omit<OperatorAction, "hash">): string {
  const { seq, prevHash, at, actor, action, target, reason, detail } = given;
  return hash("sha256", canonicalText({ seq, prevHash, at, actor, action, target, reason, detail }));
}

/** Why a stream stands still, as the gateway that stopped it noted it; gone when it runs again. */
export type HaltNote = {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  /** `STREAM_ENDED`: the stream was succeeded by another one, so that nothing can or need be done. */
  readonly code: HaltCode | "STREAM_ENDED";
  readonly message: string;
  readonly remedy: string;
};
