import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory, TOPIC } from "../embedded.ts";
import { httpPage } from "../../scripts/http-reference.ts";
import { PROBLEMS } from "../../src/http/problems/codes.ts";
import { startService } from "./service.ts";

type Schema = { readonly examples?: readonly unknown[]; readonly example?: unknown; readonly $ref?: string };
type Operation = {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly schema: Schema;
    readonly example?: unknown;
  }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>;
  };
  readonly responses: Readonly<
    Record<string, { readonly description?: string; readonly content?: object; readonly headers?: object }>
  >;
};
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly servers: readonly { readonly url: string }[];
  readonly security: readonly unknown[];
};

async function documented(url: string): Promise<Document> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as Document;
}

/** The example the document gives, wherever it stands. */
function exampleOf(
  { schema, example }: { readonly schema: Schema; readonly example?: unknown },
  document: Document,
): unknown {
  const named =
    schema.$ref === undefined ? schema : (document.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  return example ?? schema.example ?? schema.examples?.[0] ?? named.example ?? named.examples?.[0];
}

test("every operation can be called by nothing but its document, and answers as documented", async () => {
  const { url } = await startService();
  const document = await documented(url);
  const answers: string[] = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const asked = (operation.parameters ?? [])
        .filter((one) => one.in === "path")
        .reduce(
          (text, one) => text.replace(`{${one.name}}`, encodeURIComponent(String(exampleOf(one, document)))),
          path,
        )
        .replace("sigma-aetl.shipments", TOPIC);
      expect([operation.operationId, asked]).toEqual([
        operation.operationId,
        expect.not.stringMatching(/[{}]|undefined/),
      ]);
      const bodies = Object.entries(operation.requestBody?.content ?? { "": { schema: {} } });
      for (const [type, media] of bodies) {
        const example = exampleOf(media, document);
        const body = type === "" ? null : typeof example === "string" ? example : JSON.stringify(example);
        expect([operation.operationId, type, body]).not.toContain(undefined);
        const init = body === null ? { method } : { method, body, headers: { "content-type": type } };
        const answer = await fetch(`${url}${asked}`, { ...init, method: method.toUpperCase() });
        await answer.arrayBuffer();
        const known = operation.responses[String(answer.status)];
        answers.push(`${operation.operationId} ${type} ${answer.status}`);
        expect([operation.operationId, type, answer.status, Object.keys(known?.content ?? {})]).toEqual([
          operation.operationId,
          type,
          answer.status,
          // The page of metrics has several formats, and sends the one that is asked for.
          expect.arrayContaining([answer.headers.get("content-type")?.split(";")[0]]) as string[],
        ]);
      }
    }
  }
  // The examples are those of a real contract: what carries records is answered with a decision or a position.
  expect(answers).toEqual(
    expect.arrayContaining([
      "appendEvents application/json 202",
      "appendEvents application/x-ndjson 202",
      "appendEvents application/cloudevents+json 202",
      "appendEvents application/cloudevents-batch+json 202",
      "validateReference application/json 200",
      "validate application/cloudevents+json 200",
    ]),
  );
});

test("bodies are demanded, headers are schemas of their own, and servers and security are said", async () => {
  const { url } = await startService();
  const { paths, servers, security } = await documented(url);
  expect([servers.map((one) => one.url), security]).toEqual([["/"], []]);
  const operations = Object.values(paths).flatMap((methods) => Object.entries(methods));
  const posts = operations.filter(([method]) => method === "post").map(([, operation]) => operation);
  // To ask about a group, and to cancel what changes nothing, there is nothing more to say.
  const bodiless = posts.filter(({ requestBody }) => requestBody?.required !== true);
  expect(bodiless.map(({ operationId }) => operationId)).toEqual(["diagnoseFailureGroup", "cancelWhatIf"]);
  const append = posts.find(({ operationId }) => operationId === "appendEvents");
  const headers = (append?.parameters ?? []).filter((one) => one.in === "header").map(({ name }) => name);
  expect(headers).toEqual(
    expect.arrayContaining([
      "prefer",
      "sigma-contract",
      "sigma-producer",
      "sigma-key",
      "sigma-key-field",
      "accept-contract",
      "content-encoding",
    ]),
  );
  const nested = operations.flatMap(([, { responses }]) =>
    Object.values(responses).flatMap((one) =>
      Object.values((one.headers ?? {}) as Record<string, { schema: object }>).filter(
        ({ schema }) => "schema" in schema,
      ),
    ),
  );
  expect(nested).toEqual([]);
});

test("/docs shows every operation, and nothing that a browser would have to fetch or run", async () => {
  const { url } = await startService();
  const page = await fetch(`${url}/docs`);
  const text = await page.text();
  expect([page.status, page.headers.get("content-type"), page.headers.get("content-security-policy")]).toEqual([
    200,
    "text/html; charset=utf-8",
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  ]);
  const { paths } = await documented(url);
  for (const [path, methods] of Object.entries(paths))
    for (const method of Object.keys(methods)) expect(text).toContain(`<code>${method.toUpperCase()} ${path}</code>`);
  expect(text).not.toMatch(/<script|<link|<img|src=|javascript:/);
});

test("the page of the reference has a section for each operation, and a row for each problem code", async () => {
  const { url } = await startService();
  const { paths } = await documented(url);
  const page = await httpPage("");
  const sections = [...page.matchAll(/^#+ ((?:GET|POST|PUT|PATCH|DELETE) .*)$/gm)].map(([, name = ""]) => name);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(sections.toSorted()).toEqual(operations.toSorted());
  const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \| [^|]+ \|$/gm)].map(([, code = ""]) => code);
  expect(Object.keys(PROBLEMS).filter((code) => !rows.includes(code))).toEqual([]);
});

/** Problems that are no route's: the server has no route for the request, cannot read it, or has a bug. */
const OF_NO_ROUTE = [
  "bad-request",
  "expectation",
  "internal",
  "method",
  "no-asset",
  "no-console",
  "no-route",
  "other-role",
];

test("every problem code is one that some route lists, or that comes before there is a route", async () => {
  const { url } = await startService();
  const { paths } = await documented(url);
  const listed = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ responses }) => Object.values(responses))
    .filter(({ content }) => content !== undefined && "application/problem+json" in content)
    .flatMap(({ description = "" }) => description.split(", "));
  expect(Object.keys(PROBLEMS).filter((code) => !listed.includes(code))).toEqual(OF_NO_ROUTE);
});

const REDOCLY = resolve(import.meta.dirname, "../../node_modules/.bin/redocly");

// A path without parameters comes before one with them (OpenAPI 3.1, 4.8.8.2): /v1/failures/groups is no /v1/failures/{id}.
test("a public linter finds nothing in the document", async () => {
  const { url } = await startService();
  const file = join(temporaryDirectory(), "openapi.json");
  writeFileSync(file, JSON.stringify(await documented(url)));
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  const found = execFileSync(REDOCLY, ["lint", "--format=json", "--skip-rule=no-ambiguous-paths", file], {
    encoding: "utf8",
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const { totals } = JSON.parse(found) as { totals: { errors: number; warnings: number } };
  expect(totals).toMatchObject({ errors: 0, warnings: 0 });
});
