import { readFileSync } from "node:fs";
import { compileContractSet } from "../src/core/compile.ts";
import { type CompiledContractSet } from "../src/core/compiled.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../src/core/contract-set.ts";
import type { JsonObject } from "../src/json/json.ts";

/** The shipment contract, bound to one topic. @param maxKg the weight that its rule allows. */
export function shipmentContracts(topic: string, maxKg = 1_000): CompiledContractSet {
  const schema = JSON.parse(
    readFileSync(new URL("../contracts/shipment/v1.schema.json", import.meta.url), "utf8"),
  ) as JsonObject;
  const rules = [
    { id: "max-weight", expression: `weight_kg <= ${maxKg}.0`, message: "weight_kg exceeds maximum allowed limit" },
  ];
  const content = { version: 1, schema, rules, identity: ["/shipment_id"] };
  const version = { ...content, status: "active" as const, digest: versionDigest("shipment", content) };
  return compileContractSet(
    sealContractSet({
      limits: DEFAULT_LIMITS,
      contracts: [{ subject: "shipment", collection: "shipments", versionField: null, versions: [version] }],
      bindings: [{ topic, subject: "shipment", defaultVersion: 1 }],
    }),
  );
}
