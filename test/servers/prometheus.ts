import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "./cache.ts";
import { freePorts } from "./ports.ts";

/** The checker of rules and metrics; PROMTOOL names another one. */
function promtoolBinary(): string {
  return process.env["PROMTOOL"] ?? "promtool";
}

/** The server; PROMETHEUS names another one. */
export function prometheusBinary(): string {
  return process.env["PROMETHEUS"] ?? "prometheus";
}

/** Runs promtool in a folder. @throws with what it printed when it finds a fault. */
export function checkWithPromtool(args: readonly string[], cwd: string): string {
  return run(promtoolBinary(), args, cwd);
}

/** What promtool has to say of a page of metrics in the text format; "" when there is nothing. */
export function lintMetrics(page: string): string {
  const { stdout, stderr, error } = spawnSync(promtoolBinary(), ["check", "metrics"], {
    input: page,
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  return `${stdout}${stderr}`;
}

/** A real Prometheus that scrapes often. */
export type Prometheus = {
  readonly url: string;
  /** Answers a query at this moment. @throws when the query is none. */
  readonly query: (expression: string) => Promise<readonly PrometheusSample[]>;
  readonly stop: () => Promise<void>;
};

export type PrometheusSample = {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [at: number, value: string];
  /** A native histogram. */
  readonly histogram?: readonly [at: number, histogram: { readonly count: string; readonly sum: string }];
};

/**
 * Starts a Prometheus in a directory of its own.
 * @param targets `host:port` of what it scrapes, by job.
 * @param options `rules`: files of rules. `flags`: of the server. `scrape`: seconds between two scrapes.
 */
export async function startPrometheus(
  targets: Readonly<Record<string, readonly string[]>>,
  { rules = [], flags = [], scrape = 1 }: PrometheusOptions = {},
): Promise<Prometheus> {
  const [port = 0] = await freePorts(1);
  const directory = mkdtempSync(join(tmpdir(), "sigma-prometheus-"));
  const config = {
    global: { scrape_interval: `${scrape}s`, scrape_timeout: `${scrape}s`, evaluation_interval: `${scrape}s` },
    rule_files: rules,
    scrape_configs: Object.entries(targets).map(([job, list]) => ({
      job_name: job,
      static_configs: [{ targets: list }],
    })),
  };
  // JSON is YAML.
  writeFileSync(join(directory, "prometheus.yml"), JSON.stringify(config));
  const own = [`--config.file=${join(directory, "prometheus.yml")}`, `--storage.tsdb.path=${join(directory, "data")}`];
  const child = spawn(prometheusBinary(), [...own, `--web.listen-address=127.0.0.1:${port}`, ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(String(chunk)));
  const exited = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
    rmSync(directory, { recursive: true, force: true });
  };
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${said.join("").slice(-2_000)}`);
    await delay(50);
  }
  return { url, stop, query: async (expression) => ask(url, expression) };
}

type PrometheusOptions = {
  readonly rules?: readonly string[];
  readonly flags?: readonly string[];
  readonly scrape?: number;
};

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function ask(url: string, expression: string): Promise<readonly PrometheusSample[]> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data, error } = (await answer.json()) as {
    readonly data?: { readonly result: readonly PrometheusSample[] };
    readonly error?: string;
  };
  if (data === undefined) throw new Error(`${expression}: ${error}`);
  return data.result;
}
