import { afterAll, beforeAll } from "vitest";
import { startOllama, type OllamaServer } from "./ollama.ts";

/** A server for the tests of a file. Where none can be had the whole file is left out (available.ts). */
export function ollamaForTests(): { readonly server: () => OllamaServer } {
  let server: OllamaServer | null = null;
  beforeAll(async () => {
    server = await startOllama();
  });
  afterAll(async () => server?.stop());
  return {
    server: () => {
      if (server === null) throw new Error("the server is not there");
      return server;
    },
  };
}
