import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cached, run } from "./cache.ts";
import { freePorts } from "./ports.ts";

const VERSION = "3.0.9";
const SHA256 = "2b28181501a20cbf6efcd77f9b7153908fc01f3d3a7c32024c0bd9e1b04c8a43";
const ARTIFACT = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`;

/** A real Apicurio Registry, in memory, whose Confluent-compatible interface is asked. */
export type ApicurioServer = {
  /** Of the Confluent-compatible interface. */
  readonly url: string;
  readonly stop: () => Promise<void>;
};

/** The registry's program, out of Maven Central. @throws when there is no Maven or no network. */
export function apicurioHome(): string {
  return cached(`apicurio-${VERSION}`, (folder) => {
    const repository = join(folder, "repository");
    run("mvn", [
      "-q",
      `-Dmaven.repo.local=${repository}`,
      "dependency:get",
      `-Dartifact=${ARTIFACT}`,
      "-Dtransitive=false",
    ]);
    const archive = join(
      repository,
      `io/apicurio/apicurio-registry-app/${VERSION}/apicurio-registry-app-${VERSION}-all.tar.gz`,
    );
    const found = createHash("sha256").update(readFileSync(archive)).digest("hex");
    if (found !== SHA256) throw new Error(`Apicurio's archive has the SHA-256 ${found}, not ${SHA256}`);
    run("tar", ["xzf", archive, "-C", folder]);
    rmSync(repository, { recursive: true });
  });
}

export async function startApicurio(): Promise<ApicurioServer> {
  const home = apicurioHome();
  const [port = 0] = await freePorts(1);
  const directory = mkdtempSync(join(tmpdir(), "sigma-apicurio-"));
  const jar = join(home, `apicurio-registry-app-${VERSION}-runner.jar`);
  const flags = [
    `-Dquarkus.http.port=${port}`,
    "-Dquarkus.http.host=127.0.0.1",
    "-Xmx384m",
    `-Djava.io.tmpdir=${directory}`,
  ];
  const child = spawn("java", [...flags, "-jar", jar], { cwd: directory, stdio: "ignore" });
  const ended = once(child, "close");
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  for (let waited = 0; ; waited += 200) {
    if (waited > 60_000 || child.exitCode !== null) throw new Error("Apicurio did not start within 60 s");
    const answer = await fetch(`${url}/subjects`).catch(() => null);
    if (answer?.ok === true) break;
    await delay(200);
  }
  return {
    url,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
