import { compileContractSet } from "../../src/core/compile.ts";
import type { CompiledContractSet } from "../../src/core/compiled.ts";
import {
  sealContractSet,
  versionDigest,
  type ContractSet,
  type ContractStatus,
  type Rule,
} from "../../src/core/contract-set.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { shipmentContracts } from "../embedded.ts";

/** What a later version changes: keywords of the field `weight_kg`, properties that it adds, rules instead of those of version 1. */
export type Later = {
  readonly status: ContractStatus;
  readonly weight?: JsonObject;
  readonly adds?: JsonObject;
  readonly rules?: readonly Rule[];
};

/** The shipment contract with its version 1, deprecated where another is active, and later ones beside it. */
export function shipmentVersions(...later: readonly Later[]): CompiledContractSet {
  const set = JSON.parse(shipmentContracts().text) as ContractSet;
  const [contract] = set.contracts;
  const [first] = contract?.versions ?? [];
  if (contract === undefined || first === undefined) throw new Error("there is no contract");
  const schema = first.schema as JsonObject;
  const properties = schema["properties"] as JsonObject;
  const others = later.map(({ status, weight = {}, adds = {}, rules = first.rules }, index) => {
    const weightKg = { ...(properties["weight_kg"] as JsonObject), ...weight };
    const content = {
      version: index + 2,
      schema: { ...schema, properties: { ...properties, weight_kg: weightKg, ...adds } },
      rules,
      identity: first.identity,
    };
    return { ...content, status, digest: versionDigest("shipment", content) };
  });
  const isReplaced = later.some(({ status }) => status === "active");
  const old = { ...first, status: isReplaced ? ("deprecated" as const) : first.status };
  return compileContractSet(sealContractSet({ ...set, contracts: [{ ...contract, versions: [old, ...others] }] }));
}
