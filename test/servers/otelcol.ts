import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cached, run } from "./cache.ts";
import { freePorts } from "./ports.ts";

const SOURCES = join(import.meta.dirname, "otelcol");

/** A real OpenTelemetry Collector: OTLP in, files out. */
export type Collector = {
  /** For OTLP over HTTP. */
  readonly url: string;
  /** Every span that arrived so far. */
  readonly spans: () => readonly Span[];
  readonly stop: () => Promise<void>;
};

/** A span in the JSON of OTLP, its attributes by name. */
export type Span = {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** 2: SERVER, 3: CLIENT, 5: CONSUMER. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2: error; absent or 0: not set. */
  readonly status: number;
};

/** The collector's program, compiled once from its Go modules, whose hashes are pinned: 200 s of CPU. @throws without Go or a network. */
export function otelcolBinary(): string {
  const folder = cached("otelcol-0.165.0", (making) => {
    for (const name of ["main.go", "go.mod", "go.sum"]) copyFileSync(join(SOURCES, name), join(making, name));
    run(
      "go",
      ["build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", "otelcol", "."],
      making,
    );
  });
  return join(folder, "otelcol");
}

export async function startCollector(): Promise<Collector> {
  const binary = otelcolBinary();
  const [grpc = 0, http = 0] = await freePorts(2);
  const directory = mkdtempSync(join(tmpdir(), "sigma-otelcol-"));
  const env = { ...process.env, OTLP_GRPC_PORT: String(grpc), OTLP_HTTP_PORT: String(http), OTEL_OUT: directory };
  const child = spawn(binary, ["--config", `file:${join(SOURCES, "config.yaml")}`], { env, stdio: "ignore" });
  const ended = once(child, "close");
  const url = `http://127.0.0.1:${http}`;
  const headers = { "content-type": "application/json" };
  for (let waited = 0; ; waited += 100) {
    if (waited > 60_000 || child.exitCode !== null) throw new Error("the collector did not start within 60 s");
    const answer = await fetch(`${url}/v1/traces`, { method: "POST", headers, body: "{}" }).catch(() => null);
    if (answer?.ok === true) break;
    await delay(100);
  }
  return {
    url,
    spans: () => spansIn(join(directory, "traces.jsonl")),
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

type Value = Readonly<Record<string, unknown>>;
type Attribute = { readonly key: string; readonly value: Value };
type Sent = Omit<Span, "attributes" | "status" | "links"> & {
  readonly attributes?: readonly Attribute[];
  readonly links?: Span["links"];
  readonly status?: { readonly code?: number };
};
type Request = {
  readonly resourceSpans?: readonly { readonly scopeSpans: readonly { readonly spans: readonly Sent[] }[] }[];
};

function spansIn(file: string): readonly Span[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines
    .flatMap((line) => (JSON.parse(line) as Request).resourceSpans ?? [])
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map(({ attributes = [], links = [], status, ...span }) => ({
      ...span,
      attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
      links: links.map(({ traceId, spanId }) => ({ traceId, spanId })),
      status: status?.code ?? 0,
    }));
}
