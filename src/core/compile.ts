import type { Binding, Contract, ContractSet, ContractVersion, SealedContractSet } from "./contract-set.ts";
import { compileIdRecipe, compilePointers } from "./identity.ts";
import { resolveDefault, resolveNames } from "./resolve.ts";
import { ownSchemaIds } from "./wire-format.ts";
import { compileRules } from "./rules.ts";
import { compileSchema } from "../schema/schema.ts";
import type { JsonValue } from "../json/json.ts";
import { compileNumberTypes } from "../schema/number-types.ts";
import type { CompiledVersion, CompiledContract, SchemaIds, CompiledBinding, CompiledContractSet } from "./compiled.ts";

/** Kind of the machine ids of facts. Another use of machine ids would take another kind, so that ids never collide. */
const IDENTITY_KIND = "payload";

/** The compiled versions of a set by digest, for {@link compileContractSet} to reuse. */
export function compiledVersionsOf(set: CompiledContractSet): Map<string, CompiledVersion> {
  const versions = [...set.bySubject.values()].flatMap((contract) => [...contract.versions.values()]);
  return new Map(versions.map((version) => [version.ref.digest, version]));
}

/**
 * Compiles a sealed set. A set that passed the lint always compiles.
 * @param compiled versions by digest that were compiled before and are reused.
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

/** Binds a contract to a topic, and resolves the most common declarations in advance. */
export function compileBinding(binding: Binding, contract: CompiledContract, schemaIds: SchemaIds): CompiledBinding {
  const byDefault = resolveDefault(binding, contract);
  return { binding, contract, schemaIds, byDefault, byHeader: resolveNames(binding, contract) };
}

/**
 * Collects the schema ids of a set. An id of the external registry overrides one of our own. Two of our versions with
 * the same id (odds of 1 in 2^31) both lose it.
 */
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

/** Compiles one version; takes about a millisecond. */
export function compileVersion(subject: string, version: ContractVersion): CompiledVersion {
  const id = typeof version.schema === "boolean" ? undefined : version.schema["$id"];
  return {
    ref: { subject, version: version.version, digest: version.digest },
    status: version.status,
    schema: compileSchema(version.schema, { formats: version.formats ?? "annotate" }),
    rules: compileRules(version.rules, version.schema, version.formats ?? "annotate"),
    identity: compilePointers(version.identity),
    identityFields: version.identity,
    idRecipe: compileIdRecipe(IDENTITY_KIND, subject),
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
