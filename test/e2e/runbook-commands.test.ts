import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { project, ROOT, shipmentLines, sigma, startSigma } from "../cli/run.ts";
import { inShell } from "../document-steps.ts";
import { freePorts } from "../servers/ports.ts";

const FOLDER = join(ROOT, "docs/runbooks");

type Command = { readonly page: string; readonly line: string };

/** Every command of the blocks of every page, and those in its sentences that leave nothing to fill in. */
const COMMANDS: readonly Command[] = readdirSync(FOLDER).flatMap((page) => {
  const text = readFileSync(join(FOLDER, page), "utf8");
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => block.trim().split("\n"));
  const inline = [...text.matchAll(/`(sigma [^`]*)`/g)].flatMap(([, line = ""]) => (/[A-Z]/.test(line) ? [] : [line]));
  return [...blocks, ...inline].map((line) => ({ page, line }));
});

/**
 * A gap is accepted where there is one (test/e2e/distributed.test.ts), a validator runs until it is stopped (test/cli/pool.test.ts), lanes are
 * looked at where there are lanes (test/e2e/lanes.test.ts), and Kafka's own tools are not part of what is tested.
 */
const ELSEWHERE = /^(?:sigma (?:streams accept-gap|start|lanes check)|kafka-transactions\.sh)\b/;
const RESTORE = /^sigma restore /;
/** `sigma streams list` says so by its exit code where a stream is halted. */
const HALTED = 10;

const CONFIG = (port: number): string => `http: { port: ${port} }
sources:
  - { topic: sigma-aetl.shipments, subject: shipment, default: 1 }
objectives:
  - { name: passing, kind: quality, contract: shipment, target: 99%, window: 30d }
breaker: { consecutive: 2, window: 100 }
anchor: { file: anchors.jsonl, key_file: anchor.key, entries: 1 }
`;

test("every command of every runbook runs beside a gateway with a halted stream, and each restore once it is stopped", async () => {
  const [port = 0] = await freePorts(1);
  const cwd = project({ "sigma.yaml": CONFIG(port), "good.ndjson": shipmentLines(0, 3), "bad.ndjson": "{}\n1\n" });
  expect((await sigma(["keys", "new"], { cwd })).code).toBe(0);
  const running = startSigma(["start", "--json", "--no-demo"], { cwd });
  const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string };
  await sigma(["ingest", "good.ndjson", "--to", url], { cwd });
  await running.line(/"event_name":"anchor\.written"|"event_name":"batches\.settled"/);
  await sigma(["ingest", "bad.ndjson", "--to", url], { cwd });
  await running.line(/stream\.halted/);
  expect((await sigma(["backup", "last"], { cwd })).code).toBe(0);

  const run = async ({ page, line }: Command): Promise<string> => {
    const own = line.replace("http://127.0.0.1:8000", url).replace("/backups/last", join(cwd, "last"));
    const shell = `sigma() { "${process.execPath}" "${join(ROOT, "bin/sigma.js")}" "$@"; }\n${own}`;
    const { code, stderr } = await inShell(shell, { cwd });
    return code === 0 || (code === HALTED && line === "sigma streams list")
      ? ""
      : `${page}: ${line}: ${code} ${stderr}`;
  };
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const one of COMMANDS.filter(({ line }) => !ELSEWHERE.test(line) && !RESTORE.test(line))) {
    if (!seen.has(one.line)) wrong.push(await run(one));
    seen.add(one.line);
  }
  running.child.kill("SIGTERM");
  await running.ended;
  for (const one of COMMANDS.filter(({ line }) => RESTORE.test(line))) {
    wrong.push(await run(one), await run({ page: one.page, line: "sigma audit --source" }));
  }
  expect(wrong.filter((fault) => fault !== "")).toEqual([]);
  expect(seen.size).toBeGreaterThan(15);
});
