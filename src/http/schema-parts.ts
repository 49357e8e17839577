import type { FastifySchema } from "fastify";

// What the schemas of several routes are made of.

export type Schemas<Name extends string> = Readonly<Record<Name, FastifySchema>>;

/** A JSON Schema, or a part of one. */
export type Part = Readonly<Record<string, unknown>>;

export const text: { readonly type: "string" } = { type: "string" };
export const whole: { readonly type: "integer"; readonly minimum: 0 } = { type: "integer", minimum: 0 };
/** The name of a contract. */
export const name: Part = { type: "string", minLength: 1, maxLength: 249, examples: ["shipment"] };

export function orNull(schema: { readonly type: string }): Part {
  return { type: [schema.type, "null"] };
}

/** An answer of one media type. */
export function answer(description: string, schema: object, mediaType = "application/json"): Part {
  return { description, content: { [mediaType]: { schema } } };
}

/** What every error answers. */
export function problemAnswer(description: string): Part {
  const properties = { type: text, title: text, status: whole, detail: text, instance: text, code: text, remedy: text };
  const required = ["type", "title", "status", "detail", "instance", "code"];
  return answer(description, { title: "Problem", type: "object", required, properties }, "application/problem+json");
}

export const problem: Part = problemAnswer("A problem, RFC 9457");
