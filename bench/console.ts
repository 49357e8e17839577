import type { Readable } from "node:stream";
import { createInterface } from "node:readline";

/** Where a gateway listens that prints its start as JSON. @throws when it ends before. */
export async function addressOf(output: Readable): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (found !== undefined) return found;
  }
  throw new Error("the gateway ended before it listened");
}

/** @throws where the gateway has no console to look at: a page that says so is quick, and is no page of the console. */
export async function wantConsole(url: string): Promise<void> {
  const { ok } = await fetch(url);
  if (!ok) throw new Error("the console is not built: run npm run console before");
}
