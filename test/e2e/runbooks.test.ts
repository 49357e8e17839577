import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { project, ROOT, sigma, startSigma } from "../cli/run.ts";
import { inShell } from "../document-steps.ts";

function blocksOf(page: string): readonly string[] {
  return [...readFileSync(join(ROOT, page), "utf8").matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
}

test("the page that the log names for a breaker says how to look and how to go on, and it is so", async () => {
  const cwd = project({ "bad.ndjson": '{"shipment_id":1}\n' });
  const env = { SIGMA_BREAKER_CONSECUTIVE: "1" };
  const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd, env });
  const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string };
  await sigma(["ingest", "bad.ndjson", "--to", url], { cwd });
  const halted = JSON.parse(await running.line(/stream\.halted/)) as Readonly<Record<string, string>>;
  const page = halted["sigma.runbook"] ?? "";
  expect([halted["error.type"], page]).toEqual(["BREAKER_OPEN", "docs/runbooks/breaker-open.md"]);
  const [look = "", resume = ""] = blocksOf(page);
  const shell = (block: string): string =>
    `sigma() { "${process.execPath}" "${join(ROOT, "bin/sigma.js")}" "$@"; }\n${block}`;
  const seen = await inShell(shell(look), { cwd });
  expect([seen.stderr, seen.stdout]).toEqual(["", expect.stringContaining(`\n  see: ${page}\n`) as string]);
  const resumed = await inShell(shell(resume), { cwd });
  expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
  await running.line(/"event_name":"record\.failed"|"event_name":"batches\.settled"/);
});
