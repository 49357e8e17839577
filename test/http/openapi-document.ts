import { Ajv2020 } from "ajv/dist/2020.js";
import { ANY_UNAVAILABLE } from "../../src/http/problems/codes.ts";

type Parameter = { readonly in: string; readonly name: string; readonly schema: Readonly<Record<string, unknown>> };

type Answer = {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
};

export type Operation = {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  /** Media types of bodies. */
  readonly takes: readonly string[];
  readonly responses: Readonly<Record<string, Answer>>;
};

type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Written>>>>;
};

type Written = {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> };
  readonly responses: Readonly<Record<string, Answer>>;
};

/** An answer of the interface to one of its operations. */
export type Answered = { readonly status: number; readonly mediaType: string; readonly text: string };

/**
 * The operations of an OpenAPI document, and what is wrong with an answer by it; null when it is as documented. A member that the
 * document does not name is a fault.
 */
export function readDocument(document: object): {
  readonly operations: readonly Operation[];
  readonly faultOf: (operation: Operation, answer: Answered) => string | null;
} {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema(closed(document), "openapi");
  const { paths } = document as Document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => operationOf(path, method, one)),
  );
  const faultOf = ({ path, method, responses }: Operation, { status, mediaType, text }: Answered): string | null => {
    const answer = responses[String(status)];
    if (answer === undefined) return `the status ${status} is not documented`;
    const schema = answer.content?.[mediaType]?.schema;
    if (answer.content !== undefined && answer.content[mediaType] === undefined)
      return `the media type ${mediaType} of ${status} is not documented`;
    // Lines of JSON are no JSON text.
    if (schema === undefined || !/^application\/(?:[\w.-]+\+)?json$/.test(mediaType)) return null;
    const parts = ["paths", path, method.toLowerCase(), "responses", String(status), "content", mediaType, "schema"];
    const pointer = parts.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const validate = ajv.getSchema(`openapi#/${pointer}`);
    if (validate === undefined) return `the schema of ${status} cannot be compiled`;
    const body: unknown = JSON.parse(text);
    if (validate(body) !== true) return `${status}: ${ajv.errorsText(validate.errors)}`;
    return mediaType === "application/problem+json" ? undocumentedCode(answer, body as { code: string }) : null;
  };
  return { operations, faultOf };
}

/** The description of a problem lists its codes; those of the log and the store, in capitals, are listed by one item. */
function undocumentedCode({ description = "" }: Answer, { code }: { readonly code: string }): string | null {
  const item = /^[A-Z_]+$/.test(code) ? ANY_UNAVAILABLE : code;
  return description.split(", ").includes(item) ? null : `the code ${code} is not documented: ${description}`;
}

/** Objects of which members are named, and no more is said of others, have no others. */
function closed(value: object): object {
  const close = (one: unknown): unknown => (typeof one === "object" && one !== null ? closed(one) : one);
  if (Array.isArray(value)) return value.map(close);
  const copy = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, close(one)]));
  const isOpen = copy["properties"] === undefined || copy["additionalProperties"] !== undefined;
  return isOpen ? copy : { ...copy, additionalProperties: false };
}

/** The operation that a request asks for; undefined when the document has none. */
export function operationAt(operations: readonly Operation[], method: string, pathname: string): Operation | undefined {
  const fits = (path: string): boolean =>
    new RegExp(`^${path.replaceAll(".", String.raw`\.`).replaceAll(/\{[^}]+\}/g, "[^/]+")}$`).test(pathname);
  // As OpenAPI says: a path without parameters comes before one with them.
  const parameters = ({ path }: Operation): number => path.split("{").length;
  const found = operations.filter((one) => one.method === method && fits(one.path));
  return found.toSorted((a, b) => parameters(a) - parameters(b))[0];
}

function operationOf(path: string, method: string, one: Written): Operation {
  const { operationId, parameters = [], requestBody, responses } = one;
  const takes = Object.keys(requestBody?.content ?? {});
  return { method: method.toUpperCase(), path, operationId, parameters, takes, responses };
}
