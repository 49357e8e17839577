import type { JsonValue } from "../json/json.ts";
import type { NumberTypes } from "../schema/number-types.ts";
import type { CompiledSchema } from "../schema/schema.ts";
import type { Binding, ContractStatus, PayloadLimits } from "./contract-set.ts";
import type { compilePointers, IdRecipe } from "./identity.ts";
import type { CompiledRules } from "./rules.ts";
import type { ContractFailure } from "./failure.ts";

/** Reference to one immutable version, stored with every decision. */
export type ContractRef = { readonly subject: string; readonly version: number; readonly digest: string };

/** One version, compiled. */
export type CompiledVersion = {
  readonly ref: ContractRef;
  readonly status: ContractStatus;
  readonly schema: CompiledSchema;
  readonly rules: CompiledRules;
  readonly identity: ReturnType<typeof compilePointers>;
  /** RFC 6901 pointers of the identity's fields. */
  readonly identityFields: readonly string[];
  /** How ids are made of these fields. */
  readonly idRecipe: IdRecipe;
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

/** The version of each schema id, in decimal digits or as a GUID; null for an id that two of our versions share. */
export type SchemaIds = ReadonlyMap<string, { readonly subject: string; readonly version: number } | null>;

export type CompiledBinding = {
  readonly binding: Binding;
  readonly contract: CompiledContract;
  /** Schema ids of the external registry, and of this gateway's own. */
  readonly schemaIds: SchemaIds;
  /** The result for a record that declares nothing; null when the binding has no default. */
  readonly byDefault: Resolved | null;
  /** The result for each version name in the `sigma-contract` header, when nothing else declares a version. */
  readonly byHeader: ReadonlyMap<string, Resolved>;
};

/** A compiled contract set. It is replaced as a whole, and read once for each batch. */
export type CompiledContractSet = {
  readonly digest: string;
  /** The set's RFC 8785 form, whose SHA-256 is `digest`; the store keeps this text. */
  readonly text: string;
  readonly limits: PayloadLimits;
  readonly bySubject: ReadonlyMap<string, CompiledContract>;
  readonly byTopic: ReadonlyMap<string, CompiledBinding>;
  readonly schemaIds: SchemaIds;
};

/** The ways to declare a record's version, strongest first. Of several that agree, the strongest is reported. */
export const DECLARATIONS = ["header", "cloudevents", "wire-format", "payload", "default"] as const;

export type Declaration = (typeof DECLARATIONS)[number];

export type Resolved =
  | { readonly ok: true; readonly version: CompiledVersion; readonly declaredBy: Declaration }
  | {
      readonly ok: false;
      readonly reason: ContractFailure;
      /** The declared version, when it exists but may not judge. */
      readonly refused: { readonly version: CompiledVersion; readonly declaredBy: Declaration } | null;
    };
