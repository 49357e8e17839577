import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, startSigma, type Running } from "./cli/run.ts";
import { runStep, stepsOf } from "./document-steps.ts";
import { temporaryDirectory } from "./embedded.ts";

const STEPS = stepsOf(readFileSync(join(ROOT, "docs/migration.md"), "utf8"));

/** Times are of now. */
function stable(text: string): string {
  return text
    .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, "TIME")
    .replaceAll(/\(\d min ago\)/g, "(0 min ago)")
    .replaceAll(/@\d{10}\b/g, "@TODAY")
    .trimEnd();
}

type Gateway = { readonly running: Running; readonly url: string };

async function startGateway(cwd: string, assignments: string): Promise<Gateway> {
  const [, sources] = /SIGMA_SOURCES='([^']+)'/.exec(assignments) ?? [];
  const env = {
    SIGMA_HTTP_PORT: "0",
    SIGMA_LOG_FORMAT: "json",
    ...(sources === undefined ? {} : { SIGMA_SOURCES: sources }),
  };
  const running = startSigma(["start"], { cwd, env });
  const url = /http:\/\/[\d.:]+/.exec(await running.line(/ on http/))?.[0] ?? "";
  if (assignments === "") await running.line(/Try next/);
  return { running, url };
}

async function stopGateway({ running }: Gateway): Promise<void> {
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(0);
}

test("the worked migration prints what it says, step by step, from a draft to a version that ended", async () => {
  const cwd = temporaryDirectory();
  for (const folder of ["contracts", "examples"]) cpSync(join(ROOT, folder), join(cwd, folder), { recursive: true });
  let gateway: Gateway | null = null;
  for (const { command, output } of STEPS) {
    const start = /^(.*)npm start$/.exec(command);
    if (start !== null) {
      if (gateway !== null) await stopGateway(gateway);
      gateway = await startGateway(cwd, start[1] ?? "");
      continue;
    }
    if (gateway === null) throw new Error("the document begins without a gateway");
    const asked = command.replaceAll("http://127.0.0.1:8000", gateway.url);
    expect({ command, output: stable(await runStep(asked, { cwd })) }).toEqual({ command, output: stable(output) });
    // "shipment@2 is active, was draft" is what the gateway says too, once it has taken it.
    const [change] = /^\S+ is \w+, was \w+/.exec(output) ?? [];
    if (change !== undefined) await gateway.running.line(new RegExp(change));
  }
  if (gateway !== null) await stopGateway(gateway);
  expect(STEPS.length).toBeGreaterThan(12);
});
