import { parseSelection, type SelectionText } from "../../failures/redrive/parse-selection.ts";
import type { Selection } from "../../failures/redrive/plan.ts";
import { onlyMembers, type Body } from "../body/members.ts";
import { badRequest } from "../problems/problem.ts";

const TEXTS = ["group", "code", "topic", "since", "until"] as const;
const NUMBERS = ["partition", "from", "to"] as const;

/** The member `select` of a body. @throws ProblemError 400 that names what cannot be read. */
export function selectionIn(body: Body, nowMs: number): Selection {
  const select = body["select"];
  if (typeof select !== "object" || select === null || Array.isArray(select))
    throw badRequest("bad-parameter", "The member select must be an object: {} selects every failure");
  const given = select as Body;
  onlyMembers(given, [...TEXTS, ...NUMBERS, "all"]);
  const { all = false } = given;
  if (typeof all !== "boolean") throw bad("all", "is neither true nor false");
  const texts = [...TEXTS, ...NUMBERS].flatMap((name) => {
    const value = given[name] ?? null;
    return value === null ? [] : [[name, textOf(name, value)] as const];
  });
  const parsed = parseSelection({ ...(Object.fromEntries(texts) as Omit<SelectionText, "all">), all }, nowMs);
  if (!parsed.ok) throw bad(parsed.parameter, parsed.message);
  return parsed.selection;
}

function textOf(name: (typeof TEXTS)[number] | (typeof NUMBERS)[number], value: unknown): string {
  if (typeof value === "string" && value !== "" && value.length <= 1_000) return value;
  const isNumber = NUMBERS.some((one) => one === name);
  if (isNumber && typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return String(value);
  throw bad(name, isNumber ? "is no whole number" : "is no text of 1 to 1000 characters");
}

function bad(name: string, message: string): Error {
  return badRequest("bad-parameter", `The member select.${name} ${message}`);
}
