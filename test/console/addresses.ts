import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const APP = join(resolve(import.meta.dirname, "../.."), "console/src/app.tsx");

/** Queries that pages need. */
const QUERIES: Readonly<Record<string, string>> = {
  "/ledger/entries": "?stream={stream}",
  "/ledger/proof": "?stream={stream}&offset=1",
};

/**
 * The address of every page, by its path in the list of routes of the console, so that no page is forgotten.
 * @param values of the parameters. @throws when a page has a parameter of which there is none.
 */
export function addresses(values: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  const paths = [...readFileSync(APP, "utf8").matchAll(/<Route path="([^"]+)"/g)].map(([, path = ""]) => path);
  const fill = (text: string, form: RegExp): string =>
    text.replaceAll(form, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`Cannot show a page with :${name}: give it a value in the test`);
      return encodeURIComponent(value);
    });
  return paths.map((path) => [path, `${fill(path, /:(\w+)/g)}${fill(QUERIES[path] ?? "", /\{(\w+)\}/g)}`] as const);
}
