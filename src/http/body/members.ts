import { badRequest } from "../problems/problem.ts";

/** A JSON object that a request brought. */
export type Body = Readonly<Record<string, unknown>>;

const TEXT_MAX = 1_000;

/** A text of a body. @throws ProblemError 400 */
export function textIn(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === "string" && value.trim() !== "" && value.length <= TEXT_MAX) return value.trim();
  throw badRequest("bad-parameter", `The member ${name} must be a text of 1 to ${TEXT_MAX} characters`);
}

/** A positive integer of a body. @throws ProblemError 400 */
export function numberIn(body: Body, name: string): number {
  const value = body[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
  throw badRequest("bad-parameter", `The member ${name} must be an integer from 1 on`);
}

/** The same where it may be left out or null. @throws ProblemError 400 */
export function numberOrNullIn(body: Body, name: string): number | null {
  return (body[name] ?? null) === null ? null : numberIn(body, name);
}

/** Refuses a body with a member that nobody reads: it may be a misspelt one. @throws ProblemError 400 */
export function onlyMembers(body: Body, names: readonly string[]): void {
  const [strange] = Object.keys(body).filter((name) => !names.includes(name));
  // The name is the client's own text, and never echoed.
  if (strange !== undefined)
    throw badRequest("bad-parameter", `The body has a member that is none of ${names.join(", ")}`);
}
