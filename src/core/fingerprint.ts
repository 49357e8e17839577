import { hash } from "node:crypto";
import type { ContractRef } from "./compiled.ts";
import type { FailureReason } from "./failure.ts";
import type { Violation } from "../schema/violation.ts";

/** Part of every fingerprint. It is raised when the recipe changes, so that old and new groups do not mix. */
const FINGERPRINT_VERSION = 2;

/** Keywords whose instance path ends in a name that the producer chose. The name is data, so it is left out. */
const NAMES_A_FIELD: ReadonlySet<string> = new Set(["additionalProperties", "propertyNames", "patternProperties"]);

/**
 * Few different fingerprints exist and they repeat. The cache is cleared at this size, which bounds memory and changes
 * no result.
 */
const CACHE_MAX = 4_096;
const byRecipe = new Map<string, string>();
/** Violations of one constraint are mostly the same object; a lookup by that object saves hashing. */
const byViolation = new WeakMap<object, { readonly contract: ContractRef | null; readonly fingerprint: string }>();

/**
 * Groups failures by cause: SHA-256 (first 16 bytes, hex) of recipe version, subject, version, stage, code, keyword,
 * schema path and instance path with array indexes as `*`. It holds no value and no message, so it is stable across
 * releases and safe to show. Of several violations the first in the contract's order counts.
 */
export function fingerprint(reason: FailureReason, contract: ContractRef | null): string {
  if (reason.kind !== "schema" && reason.kind !== "rule") return fingerprintOf(reason, contract);
  const violation = reason.violations[0];
  const known = byViolation.get(violation);
  if (known !== undefined && known.contract === contract) return known.fingerprint;
  const made = fingerprintOf(reason, contract);
  byViolation.set(violation, { contract, fingerprint: made });
  return made;
}

function fingerprintOf(reason: FailureReason, contract: ContractRef | null): string {
  const where = contract === null ? "\u0000" : `${contract.subject}\u0000${contract.version}`;
  const recipe = `${FINGERPRINT_VERSION}\u0000${where}\u0000${causeOf(reason)}`;
  const known = byRecipe.get(recipe);
  if (known !== undefined) return known;
  if (byRecipe.size >= CACHE_MAX) byRecipe.clear();
  const made = hash("sha256", recipe).slice(0, 32);
  byRecipe.set(recipe, made);
  return made;
}

/** Stage, code, keyword, schema path and instance path, separated by NUL. */
function causeOf(reason: FailureReason): string {
  switch (reason.kind) {
    case "malformed":
    case "contract":
      return `${reason.kind}\u0000${reason.code}`;
    case "schema": {
      const { keyword, schemaPath, place } = brokenConstraint(reason.violations[0]);
      return `schema\u0000\u0000${keyword}\u0000${schemaPath}\u0000${place}`;
    }
    case "rule":
      return `rule\u0000${reason.violations[0].id}`;
    case "conflict":
    case "store-rejected":
    case "unexplained":
      return reason.kind;
    // An erased failure keeps the fingerprint it was stored with; this one is not used.
    case "erased":
      return `erased\u0000${reason.code}`;
  }
}

/** The constraint that a group of failures has in common. */
export type BrokenConstraint = {
  readonly keyword: string;
  /** Where it is in the schema; branches by what chose them. */
  readonly schemaPath: string;
  /** Where in the payload it is broken: a pointer with `*` for each index and for each name that the producer chose. */
  readonly place: string;
};

/** The constraint by which a violation is grouped; it holds nothing that a producer wrote. */
export function brokenConstraint(violation: Violation): BrokenConstraint {
  const { keyword, schemaPath, pointer } = constraintOf(violation);
  return { keyword, schemaPath, place: instancePath(keyword, pointer) };
}

/**
 * The constraint by which a violation is grouped. The number of each branch on its schema path is replaced by the value
 * that chose the branch, so that adding a branch changes no group. A branch chosen only as the nearest may lose to a
 * branch added later, so such violations are grouped by the `anyOf` or `oneOf` itself.
 */
function constraintOf(violation: Violation): Pick<Violation, "keyword" | "schemaPath" | "pointer"> {
  const { keyword, pointer, branches = [] } = violation;
  let { schemaPath } = violation;
  const guessed = branches.find(({ chosenBy }) => chosenBy === "nearest");
  if (guessed !== undefined) {
    const union = parentOf(guessed.schemaPath);
    return { keyword: union.slice(union.lastIndexOf("/") + 1), schemaPath: union, pointer: guessed.pointer };
  }
  for (const branch of branches.toReversed()) {
    if (!schemaPath.startsWith(`${branch.schemaPath}/`)) continue;
    const name = branch.chosenBy === "field" ? branch.name : "*";
    schemaPath = `${parentOf(branch.schemaPath)}/${name}${schemaPath.slice(branch.schemaPath.length)}`;
  }
  return { keyword, schemaPath, pointer };
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function instancePath(keyword: string, pointer: string): string {
  const general = ARRAY_INDEX.test(pointer) ? pointer.replaceAll(ARRAY_INDEXES, "/*") : pointer;
  return NAMES_A_FIELD.has(keyword) ? general.replace(/\/[^/]*$/, "/*") : general;
}

const ARRAY_INDEX = /\/\d/;
const ARRAY_INDEXES = /\/\d+(?=\/|$)/g;
