import { readFileSync } from "node:fs";
import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContractSet } from "../../src/core/compiled.ts";
import { sealContractSet, type ContractSet } from "../../src/core/contract-set.ts";
import { parseJson } from "../../src/json/parse-json.ts";
import type { Decidable, Decision, Failed } from "../../src/core/decide.ts";

/** One row of test/vectors/decisions.json: bytes in, decision out. `text` null is a tombstone. */
export type Vector = {
  readonly name: string;
  readonly topic: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly text?: string | null;
  readonly base64?: string;
  readonly decision: PinnedDecision;
};

const FOLDER = new URL("../vectors/", import.meta.url);

export const VECTORS_FILE: URL = new URL("decisions.json", FOLDER);

export function readVectors(): { readonly engine: string; readonly rows: readonly Vector[] } {
  return parseJson(readFileSync(VECTORS_FILE, "utf8")) as unknown as { engine: string; rows: readonly Vector[] };
}

type PinnedDecision = Omit<Failed, "parsed"> | Omit<Exclude<Decision, Failed>, "numbers">;

/** What a vector pins of a decision: how the contract declares its numbers, and what was read, are no part of it. */
export function pinned(decision: Decision): PinnedDecision {
  if (decision.status === "FAILED") {
    const { parsed: _, ...rest } = decision;
    return rest;
  }
  const { numbers: _, ...rest } = decision;
  return rest;
}

export function vectorContracts(): CompiledContractSet {
  const set = parseJson(readFileSync(new URL("contract-set.json", FOLDER), "utf8")) as unknown as ContractSet;
  return compileContractSet(sealContractSet(set));
}

export function recordOf({ topic, headers, text, base64 }: Vector): Decidable {
  const value =
    base64 === undefined
      ? text === null || text === undefined
        ? null
        : Buffer.from(text)
      : Buffer.from(base64, "base64");
  return { topic, headers: headers.map(([name, content]) => [name, Buffer.from(content)] as const), value };
}
