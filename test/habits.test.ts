import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");
/** Laws and what tests share, too. */
const FILES = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => join("test", path).replaceAll("\\", "/"));

/** Files of tests that let time pass, each with what for. None of them takes "nothing happened in that time" for a proof. */
const SLEEPING: Readonly<Record<string, string>> = {
  "test/patience.ts": "looks again until a state comes",
  "test/embedded.ts": "is the gateway's own pause, a millisecond long",
  "test/chaos/chaos.ts": "spreads kills and freezes, at random",
  "test/chaos/ledger-order.test.ts": "is the gateway's own pause",
  "test/chaos/outages.ts": "is how long a server stays frozen",
  "test/chaos/proxy.test.ts": "keeps two messages apart, so that they are two",
  "test/chaos/proxy.ts": "is the latency that the proxy adds",
  "test/chaos/store-faults.test.ts": "is how long a fault lasts",
  "test/chaos/workers.ts": "looks again until a worker answers",
  "test/cli/waiting.test.ts": "is what is waited for, on a clock that the test moves",
  "test/config/reload.test.ts": "is the gateway's own pause",
  "test/e2e/lane-latency.ts": "keeps to a rate, and looks again until the records are stored",
  "test/e2e/store-outage.test.ts": "keeps to a rate",
  "test/e2e/upgrade.test.ts": "keeps to a rate",
  "test/gateway/log-checks.test.ts": "is the guarded log's own pause",
  "test/gateway/log-ends.test.ts": "is the store's timeout, on a clock that the test moves",
  "test/servers/ollama.ts": "looks again until the server answers",
  "test/servers/otelcol.ts": "looks again until the collector answers",
  "test/http/service.ts": "is the guarded log's own pause",
  "test/http/stream-identity.test.ts": "is the guarded log's own pause",
  "test/rejudge/what-if-laws.ts": "is the log's own pause",
  "test/servers/apicurio.ts": "looks again until the server answers",
  "test/servers/oidc.ts": "looks again until the server answers",
  "test/servers/kafka.ts": "looks again until the server answers",
  "test/servers/mongodb.ts": "looks again until the server answers",
  "test/servers/prometheus.ts": "looks again until the server answers",
  "test/soak/faults.ts": "spreads faults",
  "test/soak/gateway.ts": "looks again until the gateway answers",
  "test/soak/load.ts": "keeps to a rate",
  "test/soak/run.ts": "takes samples",
  "test/store/mongodb/failover.test.ts": "looks again until there is a primary",
  "test/store/mongodb/step-downs.test.ts": "is how long a server stays frozen",
};

/** Lines that leave a test early, so that it may end without having looked at anything. */
function earlyReturns(file: string): readonly string[] {
  const found: string[] = [];
  let open: string | null = null;
  for (const line of text(file).split("\n")) {
    const [, indent] = /^( *)test(?:\.\w+)?\(/.exec(line) ?? [];
    open ??= indent ?? null;
    if (open === null) continue;
    if (line.startsWith(`${open}}`) || line.startsWith(`${open})`)) open = null;
    else if (new RegExp(`^${open} {2}(?: {2})?(?:if \\(.*\\) )?return;`).test(line))
      found.push(`${file}: ${line.trim()}`);
  }
  return found;
}

describe("the tests", () => {
  test("let time pass only where this table says what for", () => {
    const sleeping = FILES.filter((file) => /setTimeout as|(?<!\.)\bsetTimeout\(/.test(text(file)));
    expect(sleeping.filter((file) => file !== "test/habits.test.ts").toSorted()).toEqual(
      Object.keys(SLEEPING).toSorted(),
    );
  });

  test("are run for a change by one command, here and on a new machine", () => {
    const { scripts } = JSON.parse(text("package.json")) as { scripts: Record<string, string> };
    const steps = (scripts["check"] ?? "").split(" && ");
    expect(steps).toEqual(["tsc", "tsc -p console", "oxlint", "oxfmt --check", "knip", "publint --strict", "npm test"]);
    expect(text(".ci/run").match(/^npm .*$/gm)).toEqual(["npm ci", "npm run check"]);
  });

  test("leave none early: what cannot run here is skipped, and says so", () => {
    expect(FILES.flatMap(earlyReturns)).toEqual([]);
  });

  test("that run side by side take onTestFinished from their context: vitest gives the global one to whichever began last", () => {
    const concurrent = FILES.filter((file) => /\b(?:test|describe)\.concurrent\b/.test(text(file)));
    expect(concurrent).toContain("test/bench.test.ts");
    expect(
      concurrent.filter((file) => /import \{[^}]*\bonTestFinished\b[^}]*\} from "vitest"/.test(text(file))),
    ).toEqual([]);
  });
});
