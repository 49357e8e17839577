import type {
  Binding,
  Contract,
  ContractSet,
  ContractStatus,
  ContractVersion,
  PayloadLimits,
  SealedContractSet,
} from "./contract-set.ts";
import { compileMachineId, compilePointers, type MachineId } from "./identity.ts";
import { resolveDefault, resolveNames, type Resolved } from "./resolve.ts";
import { ownSchemaIds } from "./wire-format.ts";
import { compileRules, type CompiledRules } from "./rules.ts";
import { compileSchema, type CompiledSchema } from "../schema/schema.ts";
import type { JsonValue } from "../json/json.ts";
import { compileNumberTypes, type NumberTypes } from "../schema/number-types.ts";

/** Kind of the ids of facts: another use of machine ids would get another kind, and so other ids. */
const IDENTITY_KIND = "payload";

/** Names one immutable version wherever a decision is stored. */
export type ContractRef = { readonly subject: string; readonly version: number; readonly digest: string };

/** One version, ready to judge. */
export type CompiledVersion = {
  readonly ref: ContractRef;
  readonly status: ContractStatus;
  readonly schema: CompiledSchema;
  readonly rules: CompiledRules;
  readonly identity: ReturnType<typeof compilePointers>;
  /** RFC 6901 pointers of the identity's fields. */
  readonly identityFields: readonly string[];
  readonly machineId: (fields: readonly JsonValue[]) => MachineId;
  readonly numbers: NumberTypes;
  /** The schema's own `$id`, by which a CloudEvent's `dataschema` may declare it. */
  readonly schemaId: string | null;
};

export type CompiledContract = {
  readonly subject: string;
  readonly collection: string;
  /** Reads the payload field that may declare the version; null when the contract names none. */
  readonly versionField: ((payload: JsonValue) => JsonValue | undefined) | null;
  readonly versions: ReadonlyMap<number, CompiledVersion>;
};

/** By id, in decimal digits or as a GUID. */
export type SchemaIds = ReadonlyMap<string, { readonly subject: string; readonly version: number } | null>;

export type CompiledBinding = {
  readonly binding: Binding;
  readonly contract: CompiledContract;
  /** What a schema id stands for: those of a registry, and this gateway's own. */
  readonly schemaIds: SchemaIds;
  /** What a record that declares nothing resolves to; null when the binding has no default. */
  readonly byDefault: Resolved | null;
  /** What each version's name in the `sigma-contract` header resolves to, when nothing else is declared. */
  readonly byHeader: ReadonlyMap<string, Resolved>;
};

/** A contract set ready to decide with: swapped whole, read once for each batch. */
export type CompiledContractSet = {
  readonly digest: string;
  /** RFC 8785 form under `digest`, as the store keeps it. */
  readonly text: string;
  readonly limits: PayloadLimits;
  readonly bySubject: ReadonlyMap<string, CompiledContract>;
  readonly byTopic: ReadonlyMap<string, CompiledBinding>;
  readonly schemaIds: SchemaIds;
};

/** Every version of a set by its digest: what {@link compileContractSet} need not compile again. */
export function compiledVersionsOf(set: CompiledContractSet): Map<string, CompiledVersion> {
  const versions = [...set.bySubject.values()].flatMap((contract) => [...contract.versions.values()]);
  return new Map(versions.map((version) => [version.ref.digest, version]));
}

/**
 * Compiles a sealed set; one that passed the lint always compiles.
 * @param compiled by digest: versions that were compiled before, for another set, and need not be again.
 */
export function compileContractSet(
  sealed: SealedContractSet,
  compiled: ReadonlyMap<string, CompiledVersion> = new Map(),
): CompiledContractSet {
  const bySubject = new Map(
    sealed.set.contracts.map((contract) => [contract.subject, compileContract(contract, compiled)]),
  );
  const schemaIds = collectSchemaIds(sealed.set);
  const byTopic = new Map<string, CompiledBinding>();
  for (const binding of sealed.set.bindings) {
    const contract = bySubject.get(binding.subject);
    if (contract === undefined) {
      throw new Error(`Cannot bind topic "${binding.topic}": there is no contract "${binding.subject}"`);
    }
    byTopic.set(binding.topic, compileBinding(binding, contract, schemaIds));
  }
  return { digest: sealed.digest, text: sealed.text, limits: sealed.set.limits, bySubject, byTopic, schemaIds };
}

/** A contract bound to a topic, with what its records resolve to most. */
export function compileBinding(binding: Binding, contract: CompiledContract, schemaIds: SchemaIds): CompiledBinding {
  const byDefault = resolveDefault(binding, contract);
  return { binding, contract, schemaIds, byDefault, byHeader: resolveNames(binding, contract) };
}

/** The registry's word goes before our own ids. Two of our versions with one id (odds of 1 in 2^31) both lose it. */
function collectSchemaIds({ contracts, schemaIds = [] }: ContractSet): SchemaIds {
  const found = new Map<string, { readonly subject: string; readonly version: number } | null>();
  for (const { subject, versions } of contracts) {
    for (const { version, digest } of versions) {
      const own = ownSchemaIds(digest);
      for (const id of [String(own.id), own.guid]) found.set(id, found.has(id) ? null : { subject, version });
    }
  }
  for (const { id, subject, version } of schemaIds) found.set(id, { subject, version });
  return found;
}

function compileContract(contract: Contract, compiled: ReadonlyMap<string, CompiledVersion>): CompiledContract {
  return {
    subject: contract.subject,
    collection: contract.collection,
    versionField: contract.versionField === null ? null : compileField(contract.versionField),
    versions: new Map(
      contract.versions.map((version) => {
        const same = compiled.get(version.digest) ?? compileVersion(contract.subject, version);
        return [version.version, same.status === version.status ? same : { ...same, status: version.status }];
      }),
    ),
  };
}

/** Compiles one version; about a millisecond. */
export function compileVersion(subject: string, version: ContractVersion): CompiledVersion {
  const id = typeof version.schema === "boolean" ? undefined : version.schema["$id"];
  return {
    ref: { subject, version: version.version, digest: version.digest },
    status: version.status,
    schema: compileSchema(version.schema, { formats: version.formats ?? "annotate" }),
    rules: compileRules(version.rules, version.schema, version.formats ?? "annotate"),
    identity: compilePointers(version.identity),
    identityFields: version.identity,
    machineId: compileMachineId(IDENTITY_KIND, subject),
    numbers: compileNumberTypes(version.schema),
    schemaId: typeof id === "string" ? id : null,
  };
}

function compileField(pointer: string): (payload: JsonValue) => JsonValue | undefined {
  const read = compilePointers([pointer]);
  return (payload) => {
    const found = read(payload);
    return "missing" in found ? undefined : found[0];
  };
}
