import type { FastifyRequest } from "fastify";
import { parseJson } from "../../json/parse-json.ts";
import { badRequest } from "../problems/problem.ts";

/** The object in the body of a request that was read whole. @throws ProblemError 400 when the body is no JSON object. */
export function jsonBody({ body }: FastifyRequest): Readonly<Record<string, unknown>> {
  const value = Buffer.isBuffer(body) ? parsed(body) : undefined;
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw badRequest("not-json", "The body must be a JSON object");
}

function parsed(body: Buffer): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
