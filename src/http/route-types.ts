import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { Static } from "typebox";

/**
 * The values that a JSON Schema describes, read only. An integer may be a `bigint`, because answers are written by `toJsonText`. Only
 * types of typebox are used: a program that runs loads nothing of it.
 */
export type Described<Schema> = Schema extends object ? Written<Static<Schema>> : unknown;

type Written<Value> = unknown extends Value
  ? unknown
  : Value extends number
    ? number | bigint
    : Value extends readonly (infer Item)[]
      ? readonly Written<Item>[]
      : Value extends object
        ? { readonly [Name in keyof Value]: Written<Value[Name]> }
        : Value;

/** What one entry of `response` describes: an answer of one or several media types, or a bare schema. */
type Answered<Entry> = Entry extends { readonly content: infer Content }
  ? {
      [Type in keyof Content]: Content[Type] extends { readonly schema: infer Schema } ? Described<Schema> : unknown;
    }[keyof Content]
  : Described<Entry>;

/** Tells Fastify the types that a route's schema describes: parameters and query for the handler, answers for what it sends. */
// oxlint-disable-next-line typescript/consistent-type-definitions -- Fastify hands the schema over as `this`, which only an interface has
export interface SchemaTypes extends FastifyTypeProvider {
  readonly validator: Described<this["schema"]>;
  readonly serializer: Answered<this["schema"]>;
}

/**
 * Where routes are registered. A handler that answers what its schema does not describe does not compile. One trap: TypeScript finds a
 * member too many only in an object that is written where its type is known, so an answer is an argument of `send`, or the handler
 * says what it returns. The tests ask for the rest: each answer is compared with `/openapi.json`.
 */
export type Routes = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  SchemaTypes
>;

/** The part of a reply that a function needs which only sets headers: replies of all routes have it, whatever they answer. */
export type Headers = { readonly header: (name: string, value: string) => unknown };
