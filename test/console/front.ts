import { once } from "node:events";
import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** How the interface behind the console answers. */
export type Mood =
  /** As the gateway does, to an admin. */
  | "full"
  /** Never. */
  | "loading"
  /** With a problem: the store cannot be reached. */
  | "error"
  /** As the gateway does, to somebody whose key is for something else. */
  | "forbidden";

/** What the error says. */
export const AWAY = "The store does not answer";

/** Stands before a gateway, and lets the console see it in each of its moods. */
export type Front = {
  readonly url: string;
  readonly turn: (mood: Mood) => void;
  /** Whether everything that was asked is answered; streams of events are not waited for. */
  readonly isIdle: () => boolean;
};

/** @param keys of an admin, and of somebody who may do nothing that a page needs. */
export async function openFront(
  port: number,
  keys: { readonly admin: string; readonly stranger: string },
): Promise<Front> {
  let mood: Mood = "full";
  const open = new Set<ServerResponse>();
  const server = createServer((asked, answer) => {
    const { url = "", method, headers } = asked;
    const isData = /^\/(?:v1|api|auth)\//.test(url);
    if (isData && !url.startsWith("/v1/live")) {
      open.add(answer);
      answer.once("close", () => open.delete(answer));
    }
    if (isData && mood === "loading") return;
    if (isData && mood === "error") return fail(answer, url);
    const authorization = `Bearer ${mood === "forbidden" ? keys.stranger : keys.admin}`;
    const passed = request({ port, host: "127.0.0.1", path: url, method, headers: { ...headers, authorization } });
    passed.once("response", (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    passed.once("error", () => answer.destroy());
    answer.once("close", () => passed.destroy());
    asked.pipe(passed);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    turn: (to) => {
      mood = to;
      for (const answer of open) answer.destroy();
    },
    isIdle: () => open.size === 0,
  };
}

function fail(answer: ServerResponse, instance: string): void {
  const problem = { type: "about:blank", title: "Not available now", status: 503, instance, code: "STORE_UNREACHABLE" };
  answer.writeHead(503, { "content-type": "application/problem+json" });
  answer.end(JSON.stringify({ ...problem, detail: AWAY, remedy: "see that it runs" }));
}
