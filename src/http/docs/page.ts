// `/docs`: a page of the interface, made from the OpenAPI document. It loads nothing and runs no script.

type Operation = {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly schema?: { readonly description?: string };
    readonly description?: string;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses?: Readonly<Record<string, { readonly description?: string }>>;
};

type Document = {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

/** The content security policy of the page: it allows the page's own styles, and nothing else. */
export const DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
code{font:14px ui-monospace,monospace}h2{font-size:1rem;margin:2rem 0 .3rem;border-top:1px solid #ddd;padding-top:1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;margin:.3rem 0}dt{font-family:ui-monospace,monospace;font-size:14px}
dd{margin:0}p{margin:.3rem 0}@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}h2{border-color:#333}a{color:#8bf}}`;

/** The page as HTML. @param document as /openapi.json has it. */
export function docsPage(document: object): string {
  const { info, paths = {} } = document as Document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const [registry, own] = [true, false].map((isRegistry) =>
    operations.filter(({ operation }) => (operation.tags?.includes("registry") ?? false) === isRegistry).map(section),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(info.title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(info.title)} ${escaped(info.version)}</h1>
<p>${escaped(info.description ?? "")} For programs: <a href="/openapi.json">/openapi.json</a></p>
${(own ?? []).join("\n")}
<h1>As a schema registry</h1>
${(registry ?? []).join("\n")}
</body></html>
`;
}

function section({
  method,
  path,
  operation,
}: {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}): string {
  const { summary = "", parameters = [], requestBody, responses = {} } = operation;
  const asked = parameters.map(
    (one) => [`${one.name} (${one.in})`, one.description ?? one.schema?.description ?? ""] as const,
  );
  const bodies = Object.keys(requestBody?.content ?? {}).map((type) => ["body", type] as const);
  const answers = Object.entries(responses).map(([status, { description = "" }]) => [status, description] as const);
  return `<section><h2><code>${escaped(method.toUpperCase())} ${escaped(path)}</code></h2>
<p>${escaped(summary)}</p>${list([...asked, ...bodies])}${list(answers)}</section>`;
}

function list(rows: readonly (readonly [term: string, words: string])[]): string {
  const items = rows.map(([term, words]) => `<dt>${escaped(term)}</dt><dd>${escaped(words)}</dd>`).join("");
  return items === "" ? "" : `<dl>${items}</dl>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
