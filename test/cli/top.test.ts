import { spawn } from "node:child_process";
import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { BIN, jsonLines, project, shipmentLines, sigma, startSigma } from "./run.ts";

/** A gateway that decided three records, of which one FAILED. */
async function gateway(): Promise<string> {
  const cwd = project();
  const running = startSigma(["start", "--json", "--port", "0", "--no-demo"], { cwd });
  const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string };
  const body = `${shipmentLines(0, 2)}{"shipment_id":1}\n`;
  const headers = { "content-type": "application/x-ndjson", prefer: "wait=30" };
  const topic = "sigma-aetl.shipments";
  const { status } = await fetch(`${url}/v1/events/${topic}`, { method: "POST", headers, body });
  expect(status).toBeLessThan(300);
  await until(async () => {
    const { decided } = (await (await fetch(`${url}/v1/status`)).json()) as { readonly decided: { decided: number } };
    return decided.decided === 3;
  });
  return url;
}

/** The command on a terminal of its own. `keys` are typed there. */
function onTerminal(args: readonly string[], size: string, term = "xterm") {
  const command = `stty ${size}; exec ${process.execPath} ${BIN} ${args.join(" ")}`;
  const child = spawn("script", ["-qefc", command, "/dev/null"], { env: { ...process.env, TERM: term } });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const ended = once(child, "exit").then(([code]) => Number(code));
  onTestFinished(() => void child.kill("SIGKILL"));
  return { text: () => out, keys: (typed: string) => child.stdin.write(typed), ended };
}

describe("sigma top", () => {
  test("prints one page where there is no terminal, or a dumb one, and sigma status --url the same without rates", async () => {
    const url = await gateway();
    const { code, stdout, stderr } = await sigma(["top", "--url", url, "--every", "1"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^since start +3 +2 +1 +0$/m);
    expect(stdout).toMatch(/^records\/s +0 +0 +0 +0$/m);
    expect(stdout).toMatch(/^sigma-aetl\.shipments\/0 +running +3 +0$/m);
    expect(stdout).toMatch(/^[0-9a-f]{8} +1 +1 +\d\d:\d\d:\d\d +shipment@1 \/weight_kg: is required and missing$/m);
    expect(stdout).not.toContain("\u001b");
    const dumb = onTerminal(["top", "--url", url, "--every", "1"], "rows 24 cols 80", "dumb");
    expect(await dumb.ended).toBe(0);
    expect(dumb.text()).toMatch(/^since start +3 +2 +1 +0\r+$/m);
    expect(dumb.text()).not.toContain("\u001b");
    const told = await sigma(["status", "--url", url]);
    expect([told.code, told.stdout]).toEqual([0, expect.stringMatching(/^since start +3 +2 +1 +0$/m)]);
    const [json] = jsonLines((await sigma(["status", "--url", url, "--json"])).stdout);
    expect(json).toMatchObject({ kind: "readiness", ready: true, status: { decided: { passed: 2, failed: 1 } } });
  });

  test.each([
    ["q", "q"],
    ["Ctrl-C", "\u0003"],
  ])("draws within 80 columns and 24 rows until %s, and gives the terminal back", async (_, key) => {
    const url = await gateway();
    const { text, keys, ended } = onTerminal(["top", "--url", url, "--every", "1"], "rows 24 cols 80");
    await until(() => text().split("\u001b[H").length > 3);
    keys(key);
    expect(await ended).toBe(0);
    const [before, ...pages] = text().split("\u001b[H");
    expect(before).toContain("\u001b[?1049h");
    expect(text().trimEnd().endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
    // The terminal itself puts a carriage return before each line feed.
    const page = stripVTControlCharacters(pages[1] ?? "").split(/\r+\n/);
    expect(page.length).toBe(24);
    expect(page.filter((line) => line.length > 80)).toEqual([]);
    expect(page.join("\n")).toMatch(/^since start +3 +2 +1 +0$/m);
    expect(page.at(-1)).toBe("q ends");
  });

  test("ends with 40 where no gateway answers", async () => {
    const { code, stderr } = await sigma(["top", "--url", "http://127.0.0.1:1"]);
    expect([code, stderr]).toEqual([40, expect.stringContaining("SIG-R-001")]);
  });
});
