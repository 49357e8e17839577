import {
  type CompiledBinding,
  type CompiledContract,
  DECLARATIONS,
  type Declaration,
  type Resolved,
} from "./compiled.ts";
import type { Binding } from "./contract-set.ts";
import type { ContractFailureCode } from "./failure.ts";
import type { JsonValue } from "../json/json.ts";
import type { Header } from "./record.ts";
import { headerSchemaId, SCHEMA_ID_HEADER } from "./wire-format.ts";

/** Header that declares a version: `sigma-contract: shipment@2`. */
export const CONTRACT_HEADER = "sigma-contract";
/** CloudEvents 1.0 attribute `dataschema` in the Kafka and HTTP binary modes. */
const DATASCHEMA_HEADERS: ReadonlySet<string> = new Set(["ce_dataschema", "ce-dataschema"]);

const DECLARING_LENGTHS: ReadonlySet<number> = new Set(
  [CONTRACT_HEADER, ...DATASCHEMA_HEADERS, SCHEMA_ID_HEADER].map((name) => name.length),
);

type Declared = { readonly subject: string | null; readonly version: number | null; readonly by: Declaration };

/**
 * Finds the one version that judges a record. The version is declared, never guessed.
 *
 * The declarations are the `sigma-contract` header, the CloudEvents `dataschema`, the schema id of Confluent's wire
 * format, the payload field that the contract names, and last the binding's default. Two declarations that disagree are
 * a failure, and so is none.
 * @param framedId the schema id in the value's prefix; null when there is none.
 * @param payload undefined when the bytes could not be parsed; the payload field is then ignored.
 */
export function resolveVersion(
  bound: CompiledBinding,
  headers: readonly Header[],
  framedId: string | null,
  payload: JsonValue | undefined,
): Resolved {
  const { contract, binding } = bound;
  const inHeaders = framedId === null && contract.versionField === null;
  let only: Header | null = null;
  let declaring = 0;
  for (const header of headers) {
    if (!mayDeclare(header)) continue;
    only ??= header;
    declaring += 1;
  }
  if (inHeaders && declaring <= 1) {
    const known = only === null ? bound.byDefault : resolveName(bound, only);
    if (known !== null) return known;
  }
  let declared: Declared | null = null;
  for (const header of headers) {
    if (!mayDeclare(header)) continue;
    const next = declarationOf(bound, header);
    if (next === null) continue;
    if (declared !== null && !agree(declared, next)) return ambiguous(declared, next);
    declared = stronger(declared, next);
  }
  if (framedId !== null) {
    const next = fromSchemaId(bound, framedId);
    if (declared !== null && !agree(declared, next)) return ambiguous(declared, next);
    declared ??= next;
  }
  if (contract.versionField !== null && payload !== undefined) {
    const field = contract.versionField(payload);
    if (field !== undefined) {
      const next = declaredInPayload(contract.subject, field);
      if (declared !== null && !agree(declared, next)) return ambiguous(declared, next);
      declared ??= next;
    }
  }
  if (declared === null) {
    if (binding.defaultVersion === null) {
      return fail("undeclared", `The record declares no contract version and topic ${binding.topic} has no default`);
    }
    declared = { subject: contract.subject, version: binding.defaultVersion, by: "default" };
  }
  return admit(bound, declared);
}

/**
 * Finds the contract that headers declare, without regard to the topic; the first header that names an existing
 * contract counts.
 * @returns null when no header names one.
 */
export function declaredSubject(
  contracts: ReadonlyMap<string, CompiledContract>,
  headers: readonly Header[],
): CompiledContract | null {
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    const found =
      lower === CONTRACT_HEADER
        ? contracts.get(parseRef(textOf(value)).subject ?? "")
        : DATASCHEMA_HEADERS.has(lower)
          ? [...contracts.values()].find(
              (contract) => fromSchemaUri({ contract }, textOf(value)).subject === contract.subject,
            )
          : undefined;
    if (found !== undefined) return found;
  }
  return null;
}

/** The result of {@link resolveVersion} for each version, when only the `sigma-contract` header declares it. */
export function resolveNames(binding: Binding, contract: CompiledContract): ReadonlyMap<string, Resolved> {
  const { subject, versions } = contract;
  const names = [...versions.keys()].map((version) => {
    return [`${subject}@${version}`, admit({ binding, contract }, { subject, version, by: "header" })] as const;
  });
  return new Map(names);
}

function resolveName({ byHeader }: CompiledBinding, [name, value]: Header): Resolved | null {
  return name.toLowerCase() === CONTRACT_HEADER ? (byHeader.get(textOf(value)) ?? null) : null;
}

/** The result of {@link resolveVersion} for a record that declares nothing; null when the binding has no default. */
export function resolveDefault(binding: Binding, contract: CompiledContract): Resolved | null {
  if (binding.defaultVersion === null) return null;
  return admit({ binding, contract }, { subject: contract.subject, version: binding.defaultVersion, by: "default" });
}

/**
 * Resolves a declaration: checks that the version exists, that the topic accepts it and that its status lets it judge.
 */
function admit(bound: Pick<CompiledBinding, "binding" | "contract">, declared: Declared): Resolved {
  const { contract, binding } = bound;
  if (declared.subject !== contract.subject || declared.version === null) {
    return fail(
      "unknown",
      `The declared contract is not one that topic ${binding.topic} carries (${contract.subject})`,
    );
  }
  const version = contract.versions.get(declared.version);
  const name = `${contract.subject}@${declared.version}`;
  if (version === undefined) return fail("unknown", `There is no contract version ${name}`);
  const refused = { version, declaredBy: declared.by };
  if (binding.accepts !== undefined && !binding.accepts.includes(declared.version)) {
    return fail("not-accepted", `Topic ${binding.topic} does not accept contract version ${name}`, refused);
  }
  switch (version.status) {
    case "active":
    case "deprecated":
      return { ok: true, version, declaredBy: declared.by };
    case "draft":
      return fail("not-active", `Contract version ${name} is a draft and not yet active`, refused);
    case "retired":
      return fail("retired", `Contract version ${name} is retired`, refused);
  }
}

/** Excludes most headers by their length alone, since this runs for each header of each record. */
function mayDeclare([name]: Header): boolean {
  return DECLARING_LENGTHS.has(name.length);
}

/** Whether a header declares a version, by its name. */
export function isDeclaring(header: Header): boolean {
  const lower = header[0].toLowerCase();
  return lower === CONTRACT_HEADER || DATASCHEMA_HEADERS.has(lower) || lower === SCHEMA_ID_HEADER;
}

function declarationOf(bound: CompiledBinding, header: Header): Declared | null {
  const [name, value] = header;
  // HTTP lower-cases header names; Kafka keeps the producer's spelling.
  const lower = name.toLowerCase();
  if (lower === CONTRACT_HEADER) return { ...parseRef(textOf(value)), by: "header" };
  if (DATASCHEMA_HEADERS.has(lower)) return { ...fromSchemaUri(bound, textOf(value)), by: "cloudevents" };
  const schemaId = headerSchemaId(header);
  return schemaId === null ? null : fromSchemaId(bound, schemaId);
}

function stronger(a: Declared | null, b: Declared): Declared {
  return a !== null && DECLARATIONS.indexOf(a.by) <= DECLARATIONS.indexOf(b.by) ? a : b;
}

/** Reads a schema id. An id that no registry has explained declares an unknown version. */
function fromSchemaId({ schemaIds }: CompiledBinding, id: string): Declared {
  const known = schemaIds.get(id) ?? null;
  return { subject: known?.subject ?? null, version: known?.version ?? null, by: "wire-format" };
}

/** Reads `shipment@2`. Any other text declares an unknown version. */
function parseRef(text: string): { readonly subject: string | null; readonly version: number | null } {
  const match = /^([A-Za-z0-9_.-]{1,249})@([1-9][0-9]{0,8})$/.exec(text);
  if (match === null) return { subject: null, version: null };
  return { subject: match[1] ?? null, version: Number(match[2]) };
}

/**
 * Reads a `dataschema`: a version's own `$id`, `sigma:shipment@2`, or a URI ending in
 * `/contracts/shipment/versions/2[/schema]`.
 */
function fromSchemaUri(
  bound: Pick<CompiledBinding, "contract">,
  uri: string,
): { readonly subject: string | null; readonly version: number | null } {
  for (const version of bound.contract.versions.values()) {
    if (version.schemaId === uri) return { subject: version.ref.subject, version: version.ref.version };
  }
  if (uri.startsWith("sigma:")) return parseRef(uri.slice("sigma:".length));
  const match = /\/contracts\/([A-Za-z0-9_.-]{1,249})\/versions\/([1-9][0-9]{0,8})(?:\/schema)?$/.exec(uri);
  if (match === null) return { subject: null, version: null };
  return { subject: match[1] ?? null, version: Number(match[2]) };
}

/** Reads the payload's version field: 2, "2" or "shipment@2". */
function declaredInPayload(subject: string, field: JsonValue): Declared {
  const by = "payload";
  if (typeof field === "number") return { subject, version: Number.isSafeInteger(field) ? field : null, by };
  if (typeof field === "bigint") return { subject, version: null, by };
  if (typeof field !== "string") return { subject: null, version: null, by };
  if (/^[1-9][0-9]{0,8}$/.test(field)) return { subject, version: Number(field), by };
  return { ...parseRef(field), by };
}

function agree(a: Declared, b: Declared): boolean {
  return a.subject === b.subject && a.version === b.version;
}

function ambiguous(a: Declared, b: Declared): Resolved {
  const where = a.by === b.by ? `two ${a.by} declarations` : `the ${a.by} and the ${b.by} declaration`;
  return fail("ambiguous", `The record declares more than one contract version: ${where} disagree`);
}

function fail(
  code: ContractFailureCode,
  message: string,
  refused: Extract<Resolved, { readonly ok: false }>["refused"] = null,
): Resolved {
  return { ok: false, reason: { kind: "contract", code, message }, refused };
}

/** The text of a header value; empty for a value that is longer than any reference. */
function textOf(value: Uint8Array): string {
  return value.length > 2_048 ? "" : Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8");
}
