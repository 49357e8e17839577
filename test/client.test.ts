import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { shipment, temporaryDirectory, TOPIC } from "./embedded.ts";
import { post, startService } from "./http/service.ts";

const ROOT = resolve(import.meta.dirname, "..");
const run = promisify(execFile);

/** The blocks of code of docs/client.md: the program, and what it prints. */
const [program = "", printed = ""] = [
  ...readFileSync(join(ROOT, "docs/client.md"), "utf8").matchAll(/^```(?:ts)?\n([\s\S]*?)^```$/gm),
].map(([, text = ""]) => text);

/** A package of somebody else that depends on ours. */
function project(text: string): string {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  symlinkSync(ROOT, join(folder, "node_modules/sigma-aetl"));
  symlinkSync(join(ROOT, "node_modules/@types/node"), join(folder, "node_modules/@types/node"));
  symlinkSync(join(ROOT, "node_modules/undici-types"), join(folder, "node_modules/undici-types"));
  writeFileSync(join(folder, "package.json"), '{"name":"client","type":"module"}');
  writeFileSync(join(folder, "client.ts"), text);
  return folder;
}

async function check(folder: string): Promise<string> {
  const args = ["--noEmit", "--strict", "--module", "nodenext", "--types", "node", "client.ts"];
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  return run(process.execPath, [tsc, "--ignoreConfig", ...args], { cwd: folder }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  );
}

test("the client of the documentation compiles with the types of the package, and prints what the page says", async () => {
  const { url } = await startService({ http: { now: Date.now } });
  const headers = { "content-type": "application/x-ndjson", prefer: "wait=30" };
  await post(`${url}/v1/events/${TOPIC}`, [shipment("a", -1), shipment("b", 5_000)].join("\n"), headers);
  const folder = project(program);
  expect(await check(folder)).toBe("");
  const { stdout } = await run(process.execPath, ["client.ts"], {
    cwd: folder,
    env: { SIGMA_URL: url, NO_COLOR: "1" },
  });
  const sorted = (text: string): readonly string[] => text.replaceAll(/,$/gm, "").split("\n").toSorted();
  expect(sorted(stdout)).toEqual(sorted(printed));
});

test("a client that asks for what there is not does not compile", async () => {
  const folder = project(`import type { Answers, Operations } from "sigma-aetl/api";
    export const one = (answer: Answers["/v1/failures/groups"]): number => answer.groups[0]!.counts;
    export const two: Operations["POST /v1/what-ifs"]["body"] = { subject: "shipment" };`);
  const said = await check(folder);
  expect(said).toContain("Property 'counts' does not exist");
  expect(said).toContain("Property 'version' is missing");
});
