import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { mongoForTests } from "../servers/with-mongo.ts";
import { testDatabase } from "../store/mongodb/database.ts";
import { jsonLines, project, shipmentLines, sigma, startSigma } from "./run.ts";

const mongo = mongoForTests(1);

/** Each ingestion makes an entry of its own. */
const [ENTRIES, EACH] = [6, 5];

async function ingest(cwd: string, env: Record<string, string> = {}): Promise<void> {
  for (let from = 0; from < ENTRIES * EACH; from += EACH) {
    const input = shipmentLines(from, from + EACH);
    expect((await sigma(["ingest", "-q", "--data", "data"], { cwd, env, input })).code).toBe(0);
  }
}

/** Lets the command line do something to itself as soon as it handles signals: nothing is audited by then. */
function once(does: string): Record<string, string> {
  const code = `import { writeSync } from "node:fs";
    import { isMainThread } from "node:worker_threads";
    process.on("newListener", (name) => name === "SIGTERM" && isMainThread && process.nextTick(() => { ${does} }));`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

const sends = (signal: string): Record<string, string> => once(`process.kill(process.pid, "${signal}")`);

describe("sigma audit that is told to end", () => {
  test.each([
    ["SIGINT", 130, []],
    ["SIGINT", 130, ["--source"]],
    ["SIGINT", 130, ["--threads", "2"]],
    ["SIGTERM", 143, []],
  ] as const)("by %s ends with %d, and says in each form that it is not whole %j", async (signal, exit, more) => {
    const cwd = project();
    await ingest(cwd);
    const args = ["audit", "--data", "data", ...more];
    const json = await sigma([...args, "--json"], { cwd, env: sends(signal) });
    expect([json.code, json.stderr]).toEqual([exit, "interrupted: this is not the whole audit\n"]);
    const [summary] = jsonLines(json.stdout);
    expect(summary).toMatchObject({ kind: "summary", interrupted: true, findingsTotal: 0 });
    expect(Number(summary?.["records"])).toBeLessThan(ENTRIES * EACH);
    const text = await sigma(args, { cwd, env: sends(signal) });
    expect([text.code, text.stdout.split("\n").at(-2)]).toEqual([exit, "NOT WHOLE  nothing was found so far"]);
    const whole = await sigma([...args, "--json"], { cwd });
    expect([whole.code, jsonLines(whole.stdout)[0]]).toMatchObject([0, { records: ENTRIES * EACH }]);
    expect(jsonLines(whole.stdout)[0]).not.toHaveProperty("interrupted");
  });

  test("tells what it found until then", async () => {
    const cwd = project();
    await ingest(cwd);
    const db = new DatabaseSync(join(cwd, "data/store.db"));
    db.exec("UPDATE validated_shipments SET payload = replace(payload, 'Dublin', 'Dublim')");
    db.close();
    const { code, stdout, stderr } = await sigma(["audit", "--data", "data"], { cwd, env: sends("SIGINT") });
    expect([code, stderr]).toEqual([130, "interrupted: this is not the whole audit\n"]);
    expect(stdout).toMatch(/^ROW_DIFFERS .*offset 0 /m);
    expect(stdout).toMatch(/^NOT OK {2}\d+ findings$/m);
  });

  test("twice ends at once, whatever it waits for", async () => {
    const { uri } = await testDatabase(mongo.server());
    const cwd = project();
    await ingest(cwd, { MONGODB_URI: uri });
    const held = once(`writeSync(2, "handles signals\\n"); process.kill(process.pid, "SIGSTOP")`);
    const env = { MONGODB_URI: uri, SIGMA_SHUTDOWN_DEADLINE_SECONDS: "3600", ...held };
    const running = startSigma(["audit", "--data", "data"], { cwd, env });
    await running.line(/handles signals/);
    mongo.server().freeze(0, true);
    onTestFinished(() => mongo.server().freeze(0, false));
    const again = setInterval(() => {
      // It may stop itself only now.
      running.child.kill("SIGCONT");
      running.child.kill("SIGINT");
    }, 100);
    onTestFinished(() => clearInterval(again));
    expect(await running.ended).toMatchObject({ code: 130, stdout: "" });
  });
});
