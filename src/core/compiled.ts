import type { JsonValue } from "../json/json.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import type { CompiledSchema } from "../schema/schema.ts";
import type { Binding, ContractStatus, PayloadLimits } from "./contract-set.ts";
import type { compilePointers, MachineId } from "./identity.ts";
import type { CompiledRules } from "./rules.ts";
import type { ContractFailure } from "./failure.ts";

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

/** The ways a record's version can be declared, strongest first: of several that agree the strongest gives the name. */
export const DECLARATIONS = ["header", "cloudevents", "wire-format", "payload", "default"] as const;

export type Declaration = (typeof DECLARATIONS)[number];

export type Resolved =
  | { readonly ok: true; readonly version: CompiledVersion; readonly declaredBy: Declaration }
  | {
      readonly ok: false;
      readonly reason: ContractFailure;
      /** The version that was declared, when there is such a version that may not judge. */
      readonly refused: { readonly version: CompiledVersion; readonly declaredBy: Declaration } | null;
    };
