import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContractSet } from "../../src/core/compiled.ts";
import {
  DEFAULT_LIMITS,
  sealContractSet,
  versionDigest,
  type ContractStatus,
  type ContractVersion,
} from "../../src/core/contract-set.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { compileCandidate, type Candidate } from "../../src/rejudge/candidate.ts";
import { createRejudge, type Rejudge } from "../../src/rejudge/rejudge.ts";

/** A version of a small contract: an id, a weight up to a maximum, and the fields that name the fact. */
export function parcelVersion(
  version: number,
  {
    maximum = 1_000,
    identity = ["/id"],
    status = "draft",
    required = ["id", "kg"],
    kg = { type: "number", maximum },
  }: {
    readonly maximum?: number;
    readonly identity?: readonly string[];
    readonly status?: ContractStatus;
    readonly required?: readonly string[];
    readonly kg?: JsonObject;
  } = {},
): ContractVersion {
  const schema: JsonObject = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    required,
    properties: { id: { type: "string" }, kg, to: { type: "string" } },
    additionalProperties: false,
  };
  const content = { version, schema, rules: [], identity };
  return { ...content, status, digest: versionDigest("parcel", content) };
}

/** The version as a candidate. */
export function parcelCandidate(version: ContractVersion): Candidate {
  return { subject: "parcel", version, limits: DEFAULT_LIMITS };
}

/** Judges by the version, after history was decided by these versions. */
export function rejudgeBy(version: ContractVersion, history: readonly ContractVersion[]): Rejudge {
  const identities = new Map(history.map((one) => [one.version, one.identity]));
  return createRejudge(compileCandidate(parcelCandidate(version)), version.identity, identities);
}

/** A contract set with these versions, bound to this topic. */
export function parcelSet(
  topic: string,
  defaultVersion: number | null,
  versions: readonly ContractVersion[],
): CompiledContractSet {
  return compileContractSet(
    sealContractSet({
      limits: DEFAULT_LIMITS,
      contracts: [
        { subject: "parcel", collection: "parcels", versionField: null, versions },
        { subject: "letter", collection: "letters", versionField: null, versions },
      ],
      bindings: [
        { topic, subject: "parcel", defaultVersion },
        { topic: "letters", subject: "letter", defaultVersion },
      ],
    }),
  );
}
