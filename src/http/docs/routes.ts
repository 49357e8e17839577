import type { FastifyInstance } from "fastify";
import { withNames } from "./document.ts";
import { DOCS_POLICY, docsPage } from "./page.ts";

/** The interface about itself: `/openapi.json` for programs, `/docs` for people. @param app with the swagger plugin. */
export function registerDocs(app: FastifyInstance): void {
  app.get("/openapi.json", { schema: { hide: true }, config: { role: "public" } }, async () => ({
    // The plugin leaves this member of OpenAPI 3.1 out.
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    ...withNames(app.swagger()),
  }));
  app.get("/docs", { schema: { hide: true }, config: { role: "public" } }, async (_, reply) =>
    reply
      .headers({ "content-type": "text/html; charset=utf-8", "content-security-policy": DOCS_POLICY })
      .send(docsPage(app.swagger())),
  );
}
