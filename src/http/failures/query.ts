import { parseFilter, PARAMETERS, type FilterText } from "../../failures/parse-filter.ts";
import type { FailureFilter } from "../../failures/filter.ts";
import { badRequest } from "../problems/problem.ts";

type Parameter = { readonly type: "string"; readonly maxLength: 2_048; readonly description: string };

/** The parameters of a filter, as a query has them. */
export const FILTER_QUERY = Object.fromEntries(
  Object.entries(PARAMETERS).map(([name, description]) => [name, { type: "string", maxLength: 2_048, description }]),
) as { readonly [Name in keyof typeof PARAMETERS]: Parameter };

/** The path of a group. */
export const FINGERPRINT = {
  type: "object",
  required: ["fingerprint"],
  properties: {
    fingerprint: {
      type: "string",
      pattern: "^[0-9a-f]{32}$",
      description: "The group",
      examples: ["0f3c9a5be1d24c770f3c9a5be1d24c77"],
    },
  },
} as const;

/** Reads the filter of a query. @throws ProblemError 400 that names the parameter. */
export function filterOf(query: FilterText, nowMs: number): FailureFilter {
  const parsed = parseFilter(query, nowMs);
  if (!parsed.ok) throw badRequest("bad-parameter", `The parameter ${parsed.parameter} ${parsed.message}`);
  return parsed.filter;
}

/** The size of a page. @throws ProblemError 400 */
export function limitOf(text: string | undefined, max: number): number {
  const limit = text === undefined ? PAGE : Number(text);
  if (limit >= 1 && limit <= max) return limit;
  throw badRequest("bad-parameter", `The parameter limit is not in 1 to ${max}`);
}

const PAGE = 50;
