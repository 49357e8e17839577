import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { connect } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeAuthority, replace, type Authority, type Made } from "../tls/certificates.ts";
import { PATIENCE_MS } from "../patience.ts";
import { jsonLines, project, shipmentLines, sigma, startSigma, type Running } from "./run.ts";

const CONFIG = [
  "sources: [{ topic: t, subject: shipment, default: 1 }]",
  "http: { tls_cert_file: gateway.pem, tls_key_file: gateway.key }",
  "",
].join("\n");

type Secured = {
  readonly cwd: string;
  readonly url: string;
  readonly running: Running;
  readonly authority: Authority;
  readonly files: Made;
};

function makeFiles(config = CONFIG): Pick<Secured, "cwd" | "authority" | "files"> {
  const cwd = project({ "sigma.yaml": config });
  const authority = makeAuthority(cwd);
  return { cwd, authority, files: authority.sign("gateway", { days: 60 }) };
}

async function startSecured(config?: string): Promise<Secured> {
  const made = makeFiles(config);
  const args = ["start", "--port", "0", "--no-demo", "--json", "--log-format", "json"];
  const running = startSigma(args, { cwd: made.cwd });
  const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string };
  return { ...made, url, running };
}

/** Status and text of the answer; by a connection of its own without an agent. */
async function ask(url: string, ca: string, agent: Agent | false = false): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { ca: readFileSync(ca), agent }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += String(chunk)));
      answer.on("end", () => resolve([answer.statusCode ?? 0, text]));
    });
    asking.on("error", reject).end();
  });
}

/** The common name of the certificate that a new connection is shown. */
async function shownAt(url: string, ca: string): Promise<string> {
  const { hostname: host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), ca: readFileSync(ca) }, () => {
      resolve(String(socket.getPeerCertificate().subject["CN"]));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

describe("a gateway that speaks TLS", () => {
  test("follows its files under load: every request is answered, a broken pair keeps the one before, and log, metrics and doctor say so", async () => {
    const { cwd, url, running, authority, files } = await startSecured();
    expect(url).toMatch(/^https:/);
    const agent = new Agent({ keepAlive: true, ca: readFileSync(authority.cert) });
    onTestFinished(() => agent.destroy());
    const done = { answers: 0, failed: [] as unknown[], isOver: false };
    const load = Array.from({ length: 4 }, async (_, n) => {
      while (!done.isOver) {
        await ask(`${url}/v1/contracts`, authority.cert, n % 2 === 0 ? agent : false).then(
          ([status]) => (status === 200 ? (done.answers += 1) : done.failed.push(status)),
          (error: unknown) => done.failed.push(error),
        );
      }
    });
    const hangUp = (): unknown => running.child.kill("SIGHUP");
    for (const name of ["second", "third"]) {
      replace(files, authority.sign(name, { days: 60 }));
      hangUp();
      await expect.poll(async () => shownAt(url, authority.cert), { timeout: PATIENCE_MS }).toBe(name);
    }
    writeFileSync(files.key, "no key");
    hangUp();
    const refused = JSON.parse(await running.line(/"tls\.refused"/)) as Record<string, unknown>;
    expect(refused["sigma.why"]).toContain("holds no key in PEM");
    expect(await shownAt(url, authority.cert)).toBe("third");
    const [, metrics] = await ask(`${url}/metrics`, authority.cert);
    expect(metrics).toContain('sigma_http_certificate_changes_total{outcome="refused"} 1');
    expect(metrics).toContain('sigma_http_certificate_changes_total{outcome="taken"} 2');
    const ends = Number(/^sigma_http_certificate_expiry_timestamp_seconds (\S+)$/m.exec(metrics)?.[1]);
    expect(Math.round((ends * 1_000 - Date.now()) / 86_400_000)).toBe(60);
    const checked = async (): Promise<readonly unknown[]> => {
      const { stdout } = await sigma(["doctor", "--json"], { cwd });
      return jsonLines(stdout).flatMap(({ name, result, message }) => (name === "tls" ? [result, message] : []));
    };
    expect(await checked()).toEqual(["fail", expect.stringContaining("holds no key")]);
    // No signal: the files are looked at.
    replace(files, authority.sign("fourth", { days: 7 }));
    await expect.poll(async () => shownAt(url, authority.cert), { timeout: PATIENCE_MS }).toBe("fourth");
    await running.line(/"tls\.expiring"/);
    expect(await checked()).toEqual(["warn", expect.stringMatching(/valid for [67] days/)]);
    done.isOver = true;
    await Promise.all(load);
    expect(done.failed).toEqual([]);
    expect(done.answers).toBeGreaterThan(20);
    agent.destroy();
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(0);
  });

  test("is asked by the commands that are told whose signature to trust, and is not believed by others", async () => {
    const { cwd, url, authority } = await startSecured();
    const local = url.replace("127.0.0.1", "localhost");
    const trusted = await sigma(["status", "--url", local, "--ca", "ca.pem", "--json"], { cwd });
    expect([trusted.code, trusted.stderr]).toEqual([0, ""]);
    expect(JSON.parse(trusted.stdout)).toMatchObject({ kind: "readiness", ready: true });
    const env = { SIGMA_CA_FILE: authority.cert };
    expect((await sigma(["top", "--url", local, "--every", "1"], { cwd, env })).stdout).toContain(local);
    const sent = await sigma(["ingest", "-q", "--to", local, "--topic", "t"], {
      cwd,
      env,
      input: shipmentLines(0, 20),
    });
    expect([sent.code, sent.stdout]).toEqual([0, expect.stringContaining("20")]);
    const blind = await sigma(["status", "--url", local], { cwd });
    expect([blind.code, blind.stderr]).toEqual([40, expect.stringContaining("SIG-R-004")]);
    expect(blind.stderr).toContain("--ca");
    const plain = await sigma(["status", "--url", local.replace("https:", "http:")], { cwd });
    expect([plain.code, plain.stderr]).toEqual([40, expect.stringContaining("https://")]);
    for (const file of ["nowhere.pem", "ca.key"]) {
      const wrong = await sigma(["status", "--url", local, "--ca", file], { cwd });
      expect([file, wrong.code, wrong.stderr]).toEqual([file, 2, expect.stringContaining("SIG-R-004")]);
    }
  });

  test("does not start with a key of another certificate, and says so", async () => {
    const { cwd, authority, files } = makeFiles();
    writeFileSync(files.key, readFileSync(authority.sign("other").key));
    const { code, stderr } = await sigma(["start", "--port", "0", "--no-demo"], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining("SIG-S-027")]);
    expect(stderr).toContain('the key in "gateway.key" is not that of "gateway.pem"');
  });

  test("with an authority of clients it needs a certificate or a key on the loopback interface too, and other machines may reach it", async () => {
    const more = "  tls_client_ca_file: ca.pem\n  tls_client_roles: ann=admin\n  host: 0.0.0.0\n";
    const config = CONFIG.split("\n", 1).join("");
    const { url, authority } = await startSecured(
      `${config}\nhttp:\n  tls_cert_file: gateway.pem\n  tls_key_file: gateway.key\n${more}`,
    );
    expect((await ask(`${url}/v1/contracts`, authority.cert))[0]).toBe(401);
    const { cert, key } = authority.sign("ann", { names: "" });
    const agent = new Agent({ ca: readFileSync(authority.cert), cert: readFileSync(cert), key: readFileSync(key) });
    expect((await ask(`${url}/v1/contracts`, authority.cert, agent))[0]).toBe(200);
  });
});
