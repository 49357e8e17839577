import { startSigma, type Running } from "./run.ts";

const EVENTS = "/v1/events/sigma-aetl.shipments";

/** A gateway on the embedded engine. */
export async function startOn(cwd: string, data: string): Promise<{ readonly running: Running; readonly url: string }> {
  const running = startSigma(["start", "--port", "0", "--no-demo", "--data", data, "--log-level", "silent"], { cwd });
  const line = await running.line(/ on http/);
  return { running, url: /http:\S+/.exec(line)?.[0] ?? "" };
}

export async function stop({ child, ended }: Running): Promise<void> {
  child.kill("SIGTERM");
  await ended;
}

export async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url + EVENTS, {
    method: "POST",
    body,
    headers: { "content-type": "application/x-ndjson", ...headers },
  });
}
