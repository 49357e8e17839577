import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openCopying } from "../../src/config/copying.ts";
import { refreshSnapshot, type Refreshed } from "../../src/contract/http-directory.ts";
import { loadFrozenContracts } from "../../src/contract/commands.ts";
import { ROOT, sigma, startSigma } from "../cli/run.ts";
import { temporaryDirectory } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";

type Web = { readonly url: string; readonly root: string; readonly asked: string[]; failing: string | null };

/** A web server that gives out a copy of the repository's contracts; `failing` is a path that it answers with 500. */
async function web(): Promise<Web> {
  const root = join(temporaryDirectory(), "served");
  cpSync(join(ROOT, "contracts"), root, { recursive: true });
  const asked: string[] = [];
  const state: { failing: string | null } = { failing: null };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").replace(/^\/base\//, "");
    asked.push(path);
    const file = join(root, path);
    const status =
      path === state.failing ? 500 : statSync(file, { throwIfNoEntry: false })?.isFile() === true ? 200 : 404;
    response.writeHead(status).end(status === 200 ? readFileSync(file) : "");
  });
  // A connection that rests while a long file is read is not closed under the next question.
  server.keepAliveTimeout = PATIENCE_MS;
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
  return Object.assign(state, { url, root, asked });
}

function place(): { readonly directory: string; readonly refresh: (from: Web) => Promise<Refreshed> } {
  const data = temporaryDirectory();
  const directory = join(data, "contracts");
  return { directory, refresh: async ({ url }) => refreshSnapshot({ url, directory, timeoutMs: PATIENCE_MS }) };
}

test("a directory on the web is copied whole, and loaded as one on disk is", async () => {
  const [from, { directory, refresh }] = [await web(), place()];
  expect(await refresh(from)).toEqual({ kind: "changed" });
  expect(from.asked.toSorted()).toEqual([
    "contracts.lock",
    "shipment/contract.yaml",
    "shipment/v1.schema.json",
    "shipment/v2.schema.json",
  ]);
  expect(loadFrozenContracts(directory).ok).toBe(true);
  expect(await refresh(from)).toEqual({ kind: "unchanged" });
  writeFileSync(
    join(from.root, "shipment/contract.yaml"),
    readFileSync(join(from.root, "shipment/contract.yaml"), "utf8").replace("draft", "draft # yet"),
  );
  expect(await refresh(from)).toEqual({ kind: "changed" });
  expect(readFileSync(join(directory, "shipment/contract.yaml"), "utf8")).toContain("draft # yet");
});

test("what cannot be copied whole leaves the last copy as it was", async () => {
  const [from, { directory, refresh }] = [await web(), place()];
  from.failing = "shipment/v2.schema.json";
  expect(await refresh(from)).toMatchObject({
    kind: "unavailable",
    there: false,
    why: expect.stringContaining("v2.schema.json answers 500") as string,
  });
  from.failing = null;
  await refresh(from);
  writeFileSync(join(from.root, "shipment/v2.schema.json"), Buffer.alloc(4_194_305, 32));
  expect(await refresh(from)).toMatchObject({
    kind: "unavailable",
    there: true,
    why: expect.stringContaining("longer than") as string,
  });
  rmSync(join(from.root, "contracts.lock"));
  expect(await refresh(from)).toMatchObject({ kind: "unavailable", there: true });
  expect(loadFrozenContracts(directory).ok).toBe(true);
});

test("a schema path that leads out of its folder is never asked for", async () => {
  const [from, { directory, refresh }] = [await web(), place()];
  const yaml = join(from.root, "shipment/contract.yaml");
  writeFileSync(yaml, readFileSync(yaml, "utf8").replace("v2.schema.json", "../../../etc/passwd"));
  expect(await refresh(from)).toEqual({ kind: "changed" });
  expect(from.asked.join(" ")).not.toContain("passwd");
  const loaded = loadFrozenContracts(directory);
  expect(loaded.ok ? [] : loaded.faults.map(({ code }) => code)).toContain("SIG-C-022");
});

test("copies do not pile up", async () => {
  const [from, { directory, refresh }] = [await web(), place()];
  for (let turn = 0; turn < 6; turn += 1) {
    writeFileSync(
      join(from.root, "contracts.lock"),
      `${readFileSync(join(from.root, "contracts.lock"), "utf8")}# ${turn}\n`,
    );
    expect(await refresh(from)).toEqual({ kind: "changed" });
  }
  expect(readdirSync(`${directory}-snapshots`)).toHaveLength(3);
});

test("files that take seconds to read are copied elsewhere than on the loop that decides", async () => {
  const from = await web();
  const { refresh, close } = openCopying({
    url: from.url,
    directory: join(temporaryDirectory(), "contracts"),
    timeoutMs: PATIENCE_MS,
  });
  onTestFinished(close);
  const yaml = join(from.root, "shipment/contract.yaml");
  const long = Array.from({ length: 20_000 }, (_, index) => `  - { id: note-${index}, words: [a, b, c] }`).join("\n");
  writeFileSync(yaml, `${readFileSync(yaml, "utf8")}\nx-notes:\n${long}\n`);
  const before = process.threadCpuUsage();
  expect(await refresh()).toBe(null);
  const { user, system } = process.threadCpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(700);
  from.failing = "contracts.lock";
  expect(await refresh()).toContain("contracts.lock answers 500");
});

test("a gateway follows contracts on the web, goes on with its copy while they are away, and does not start without one", async () => {
  const from = await web();
  const cwd = temporaryDirectory();
  mkdirSync(join(cwd, "data"));
  const env = {
    SIGMA_CONTRACTS_URL: from.url,
    SIGMA_CONTRACTS_RELOAD_SECONDS: "1",
    SIGMA_DATA_DIR: "data",
    SIGMA_HTTP_PORT: "0",
    SIGMA_LOG_FORMAT: "json",
  };
  const nowhere = await sigma(["start", "--no-demo"], {
    cwd,
    env: { ...env, SIGMA_CONTRACTS_URL: "http://127.0.0.1:9/" },
  });
  expect([nowhere.code, nowhere.stderr]).toEqual([40, expect.stringContaining("CONTRACTS_UNREACHABLE") as string]);
  const gateway = startSigma(["start", "--no-demo"], { cwd, env });
  await gateway.line(/ on http/);
  // Its files are not ours to change: the next look would undo it.
  const retired = await sigma(["contract", "deprecate", "shipment@1", "--reason", "r"], { cwd, env });
  expect([retired.code, retired.stderr]).toEqual([
    2,
    expect.stringContaining("a copy of what contracts.url serves") as string,
  ]);
  const yaml = join(from.root, "shipment/contract.yaml");
  writeFileSync(
    yaml,
    readFileSync(yaml, "utf8").replace("status: active", "status: deprecated\n    deprecated: 2026-11-01"),
  );
  await gateway.line(/shipment@1 is deprecated, was active/);
  from.failing = "contracts.lock";
  await gateway.line(/contracts\.lock answers 500.*the last copy stays live/);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  const again = startSigma(["start", "--no-demo"], { cwd, env });
  await again.line(/the last copy stays live/);
  await again.line(/ on http/);
  again.child.kill("SIGTERM");
  expect((await again.ended).code).toBe(0);
});
