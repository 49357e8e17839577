import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, createWriteStream, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { programName } from "../../src/cli/terminal/program-name.ts";
import { inShell } from "../document-steps.ts";
import { jsonLines, project, ROOT, shipmentLines, sigma, startSigma } from "./run.ts";

/** A directory, a file and a text that no shell leaves as they are. */
const AWKWARD = `it's $HOME "of" \`all\``;

function commandAfter(mark: RegExp, text: string): string {
  return new RegExp(`${mark.source}(.*)$`, "m").exec(text)?.[1] ?? `nothing like ${mark.source} in: ${text}`;
}

/** A project with a configuration of its own, contracts elsewhere, and a pipe that breaks midway as the second input. */
function awkwardProject(): { readonly cwd: string; readonly args: readonly string[]; readonly pipe: string } {
  const pipe = `- ${AWKWARD}`;
  const sources =
    "sources:\n  - { topic: first, subject: shipment, default: 1 }\n  - { topic: second, subject: shipment, default: 1 }\n";
  const cwd = project({ [`${AWKWARD}.yaml`]: sources, [`${AWKWARD}.ndjson`]: shipmentLines(0, 3) });
  renameSync(join(cwd, "contracts"), join(cwd, `${AWKWARD}-contracts`));
  execFileSync("mkfifo", ["--", pipe], { cwd });
  const options = ["--config", `${AWKWARD}.yaml`, "--data", `${AWKWARD}/data`, "--contracts", `${AWKWARD}-contracts`];
  return { cwd, pipe, args: [...options, "--topic", "second", "--producer", AWKWARD, "--key", AWKWARD] };
}

describe("the command to go on with after an error", () => {
  test("repeats what chose the data, the contracts and the reading, for any shell", async () => {
    const { cwd, args, pipe } = awkwardProject();
    const ingesting = sigma(["ingest", `${AWKWARD}.ndjson`, `./${pipe}`, ...args, "--ndjson", "--strict"], { cwd });
    const writer = createWriteStream(join(cwd, pipe));
    // Packed data that breaks off is known to be so only at its end.
    writer.end(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]));
    const { code, stderr } = await ingesting;
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("3 records before it") as string,
    });
    rmSync(join(cwd, pipe));
    writeFileSync(join(cwd, pipe), `${shipmentLines(3, 5)}nothing\n`);
    const again = await inShell(commandAfter(/To go on: /, stderr), { cwd });
    expect([again.code, again.stderr]).toEqual([10, ""]);
    const status = await sigma(["status", ...args.slice(0, 4), "--json"], { cwd });
    expect(jsonLines(status.stdout)[0]).toMatchObject({
      records: 6,
      stored: 5,
      streams: [
        { topic: "first", end: "0" },
        { topic: "second", end: "6" },
      ],
    });
    const traffic = await sigma(["contract", "traffic", "shipment", ...args.slice(0, 6), "--json"], { cwd });
    expect(jsonLines(traffic.stdout)).toMatchObject([{ producer: AWKWARD }]);
  });

  test("sends to the same gateway, from the first line that is not in its log", async () => {
    const received: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        received.push(`${String(request.headers["sigma-key-field"])} ${body}`);
        const refused = received.length === 2;
        const answer = refused ? { title: "Broken", appended: 4 } : {};
        response.writeHead(refused ? 400 : 202, { "content-type": "application/json" }).end(JSON.stringify(answer));
      });
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const cwd = project({ "a b.ndjson": shipmentLines(0, 1_500), "c.ndjson": "{}\n" });
    const args = ["--to", url, "--topic", "t", "--key", "/shipment_id", "--data", "elsewhere"];
    const { code, stderr } = await sigma(["ingest", "a b.ndjson", "c.ndjson", ...args], { cwd });
    expect(code).toBe(2);
    const command = commandAfter(/^1,004 records were ingested before the error\. To go on: /, stderr);
    expect((await inShell(command, { cwd })).code).toBe(0);
    expect(received.slice(2)).toEqual([`/shipment_id ${shipmentLines(1_004, 1_500)}`, "/shipment_id {}\n"]);
  });

  test("has an option for what a variable chose, and names those that have none, without their values", async () => {
    const { cwd, pipe } = awkwardProject();
    const env = {
      SIGMA_DATA_DIR: "by variable",
      SIGMA_CONTRACTS_DIR: `${AWKWARD}-contracts`,
      SIGMA_SOURCES: "third=shipment@1",
    };
    const ingesting = sigma(["ingest", `${AWKWARD}.ndjson`, `./${pipe}`], { cwd, env });
    createWriteStream(join(cwd, pipe)).end(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]));
    const { stderr } = await ingesting;
    const command = commandAfter(/To go on, with SIGMA_SOURCES set as now: /, stderr);
    expect(command).not.toContain("third=");
    rmSync(join(cwd, pipe));
    writeFileSync(join(cwd, pipe), shipmentLines(3, 5));
    expect((await inShell(`SIGMA_SOURCES=third=shipment@1 ${command}`, { cwd })).code).toBe(0);
    expect(jsonLines((await sigma(["status", "--json"], { cwd, env })).stdout)[0]).toMatchObject({ stored: 5 });
  });

  test("reads from a pipe what another program unpacks, into the same store", async () => {
    const cwd = project({ [`${AWKWARD}.bz2`]: "BZh91AY&SY" });
    const { stderr } = await sigma(["ingest", `${AWKWARD}.bz2`, "--data", AWKWARD], { cwd });
    const command = commandAfter(/fix: unpack it: /, stderr).replace("bunzip2 -c", "printf '%s'");
    expect((await inShell(command, { cwd })).stdout).toContain("malformed-not-json");
    expect(jsonLines((await sigma(["status", "--data", AWKWARD, "--json"], { cwd })).stdout)).toMatchObject([
      { records: 1 },
    ]);
  });
});

describe("a command that is printed to run next", () => {
  test("of status starts a gateway on the same data", async () => {
    const cwd = project();
    const { stdout } = await sigma(["status", "--data", AWKWARD], { cwd });
    const command = `${commandAfter(/Begin with: /, stdout)} --port 0 --json --no-demo & trap 'kill $!' EXIT; read -r go`;
    const path = `${dirname(process.execPath)}:${process.env["PATH"]}`;
    const child = execFile("sh", ["-c", command], { cwd, env: { ...process.env, PATH: path } });
    onTestFinished(() => void child.stdin?.end());
    const [first] = (await once(child.stdout?.setEncoding("utf8") ?? child, "data")) as [string];
    expect(jsonLines(first)).toMatchObject([{ kind: "started", dataDir: AWKWARD }]);
  });

  test.each([
    ["audit", ["audit", "--data", "x y"], /or begin with (.*)$/m, "start --data 'x y'"],
    ["a fault of the contracts", ["contract", "freeze", "shipment@2"], /fix: (.*)$/m, ""],
    ["doctor", ["doctor", "--port", "0", "--data", "x y"], /\((node .*?) --reason/, "contract activate --data 'x y' "],
    ["a remedy deep inside", ["contract", "activate", "shipment@2", "--reason", "r"], /freeze it first: (.*)$/m, ""],
  ])("of %s names the program as it was called", async (_, args, pattern, text) => {
    const cwd = project();
    const { stdout, stderr } = await sigma(args, { cwd, env: { SIGMA_SOURCES: "shipments=shipment@2" } });
    const found = pattern.exec(`${stdout}\n${stderr}`)?.[1] ?? `${stdout}\n${stderr}`;
    expect(found).not.toMatch(/(?<![\w/])sigma /);
    expect(found).toContain(text === "" ? "" : `node ${join(ROOT, "bin/sigma.js")} ${text}`);
  });

  test("of a log line too", async () => {
    const args = ["start", "--port", "0", "--no-demo", "--log-format", "json", "--data", "x y"];
    const running = startSigma(args, { cwd: project(), env: { SIGMA_SOURCES: "shipments=shipment@2" } });
    const line = await running.line(/which is a draft/);
    const { "sigma.remedy": remedy } = JSON.parse(line) as { readonly "sigma.remedy": string };
    expect(remedy).toContain(`node ${join(ROOT, "bin/sigma.js")} contract activate --data 'x y' shipment@2`);
  });

  test("of a command that passes through no configuration keeps the file that was named", async () => {
    const cwd = project({ "my conf.yaml": "data: { dir: here }\n" });
    const { stdout } = await sigma(["-c", "my conf.yaml", "status"], { cwd });
    expect(stdout).toBe(
      `here holds no data yet. Begin with: node ${join(ROOT, "bin/sigma.js")} start --config 'my conf.yaml'\n`,
    );
  });
});

describe("the name of the program in a command", () => {
  function installed(): { readonly cwd: string; readonly link: string; readonly bin: string } {
    const cwd = project();
    const bin = join(cwd, "node_modules/.bin");
    mkdirSync(bin, { recursive: true });
    symlinkSync(join(ROOT, "bin/sigma.js"), join(bin, "sigma"));
    return { cwd, bin, link: join(bin, "sigma") };
  }

  test("is npx sigma where npx ran it, or a script of npm", () => {
    const { cwd, link } = installed();
    expect(programName({ script: link, cwd, env: { npm_lifecycle_event: "npx" } })).toBe("npx sigma");
    expect(programName({ script: link, cwd, env: { npm_lifecycle_event: "import" } })).toBe("npx sigma");
    const env = { npm_lifecycle_event: "start", npm_package_name: "sigma-aetl" };
    expect(programName({ script: join(ROOT, "bin/sigma.js"), cwd: ROOT, env })).toBe("npx sigma");
  });

  test("is npm run sigma -- where that ran it", () => {
    const env = { npm_lifecycle_event: "sigma", npm_package_name: "sigma-aetl" };
    expect(programName({ script: join(ROOT, "bin/sigma.js"), cwd: ROOT, env })).toBe("npm run sigma --");
  });

  test("is sigma only where that is on the PATH and this program", () => {
    const { cwd, bin, link } = installed();
    expect(programName({ script: link, cwd, env: { PATH: `/nowhere:${bin}` } })).toBe("sigma");
    expect(programName({ script: link, cwd, env: { PATH: "/nowhere" } })).toBe("node_modules/.bin/sigma");
    const other = join(cwd, "other");
    mkdirSync(other);
    copyFileSync(join(ROOT, "package.json"), join(other, "sigma"));
    expect(programName({ script: link, cwd, env: { PATH: `${other}:${bin}` } })).toBe("node_modules/.bin/sigma");
  });

  test("is node and the script where that was called, from wherever it was", () => {
    expect(programName({ script: join(ROOT, "bin/sigma.js"), cwd: ROOT, env: {} })).toBe("node bin/sigma.js");
    expect(programName({ script: "/opt/it's/sigma.js", cwd: "/tmp", env: { npm_lifecycle_event: "test" } })).toBe(
      String.raw`node '/opt/it'\''s/sigma.js'`,
    );
  });
});
