import type { FastifyReply, FastifyRequest } from "fastify";
import { notFound } from "../problems/problem.ts";
import type { Routes } from "../route-types.ts";

/** A file of the console. */
export type ConsoleFile = { readonly type: string; readonly bytes: Buffer };

/** The built console: its document, and its files by path, such as `/assets/index-1a2b.js`. */
export type Console = { readonly document: ConsoleFile; readonly files: ReadonlyMap<string, ConsoleFile> };

/**
 * The content security policy of the console: scripts, styles and answers of this server only, and nothing inline. What a payload brings
 * into the page can neither run nor ask anybody.
 */
export const CONSOLE_POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Addresses of pages: each answers the document, so that a view can be linked. */
const PAGES = [
  "/",
  "/live",
  "/failures",
  "/failures/*",
  "/r/*",
  "/redrives",
  "/redrives/*",
  "/contracts",
  "/contracts/*",
  "/objectives",
  "/ledger",
  "/ledger/*",
  "/operator-log",
  "/keys",
  "/playground",
  "/health",
  "/runbooks/*",
] as const;

/** A year, as far as a cache may look ahead (RFC 9111): the name of an asset changes with its bytes. */
const FOR_EVER = "public, max-age=31536000, immutable";

/** The console. It asks the public interface only, and holds no data itself: whoever may load it sees nothing by that. */
export function registerConsole(app: Routes, built: Console | null): void {
  const options = { schema: { hide: true }, config: { role: "public" } } as const;
  for (const page of PAGES) {
    app.get(page, options, async (_, reply) => {
      const { document } = built ?? notBuilt();
      return reply
        .headers({ "content-type": document.type, "content-security-policy": CONSOLE_POLICY })
        .send(document.bytes);
    });
  }
  app.get("/icon.svg", options, async (_, reply) => {
    const icon = built?.files.get("/icon.svg") ?? notBuilt();
    return reply.header("content-type", icon.type).send(icon.bytes);
  });
  app.get<{ Params: { file: string } }>("/assets/:file", options, async (request, reply) => {
    const file = built?.files.get(`/assets/${request.params.file}`);
    if (file === undefined) throw notFound("no-asset", "The console has no such file", "load the page again");
    return reply.headers({ "content-type": file.type, "cache-control": FOR_EVER }).send(file.bytes);
  });
}

/** Addresses that programs ask: what is none of them is told as a problem, also in a browser. */
const PROGRAMS = /^\/(?:v1|api|auth|registry|assets|docs|metrics)(?:[/?]|$)/;

/** Answers an address that is no page with the document of the console, which says so, where a browser asks for it. */
export function answerNoPage(
  built: Console | null,
): (request: FastifyRequest, reply: FastifyReply) => FastifyReply | null {
  return ({ method, url, headers }: FastifyRequest, reply: FastifyReply): FastifyReply | null => {
    if (built === null || method !== "GET" || PROGRAMS.test(url)) return null;
    if (headers.accept?.includes("text/html") !== true) return null;
    const { type, bytes } = built.document;
    return reply.code(404).headers({ "content-type": type, "content-security-policy": CONSOLE_POLICY }).send(bytes);
  };
}

function notBuilt(): never {
  throw notFound("no-console", "The console is not built", "run npm run console in the checkout, and start again");
}
