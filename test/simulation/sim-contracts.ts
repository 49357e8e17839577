import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContractSet } from "../../src/core/compiled.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest, type ContractSet } from "../../src/core/contract-set.ts";

/** Topic of every simulated stream. */
export const TOPIC = "facts";

/** Two contract sets that judge the same bytes differently: what a deploy in the middle of a stream looks like. */
export function simulatedContracts(): readonly [CompiledContractSet, CompiledContractSet] {
  return [compileContractSet(sealContractSet(setWith(10))), compileContractSet(sealContractSet(setWith(5)))];
}

function setWith(maximum: number): ContractSet {
  const content = {
    version: 1,
    schema: {
      type: "object",
      required: ["id", "n"],
      additionalProperties: false,
      properties: { id: { type: "string" }, n: { type: "number" } },
    },
    rules: [{ id: "max", expression: `n <= ${maximum}.0`, message: "n is too large" }],
    identity: ["/id"],
  };
  const version = { ...content, status: "active" as const, digest: versionDigest("fact", content) };
  return {
    limits: DEFAULT_LIMITS,
    contracts: [{ subject: "fact", collection: "facts", versionField: null, versions: [version] }],
    bindings: [{ topic: TOPIC, subject: "fact", defaultVersion: 1 }],
  };
}
