import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CANARIES } from "../canaries.ts";
import { project, sigma, startSigma } from "./run.ts";

/** A dependency that does something of its own once there is a file called `go`. */
function dependency(cwd: string, does: string): string {
  const path = join(cwd, "node_modules/@acme/driver/lib/monitor.mjs");
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(
    path,
    `import { existsSync } from "node:fs";
import { EventEmitter } from "node:events";
const timer = setInterval(() => {
  if (!existsSync(${JSON.stringify(join(cwd, "go"))})) return;
  clearInterval(timer);
  ${does}
}, 5);
timer.unref();
`,
  );
  return path;
}

test.each([
  // Their messages may quote anything that was read.
  ["a timer that throws", `throw new TypeError("Cannot convert ${CANARIES.card}");`, "TypeError"],
  ["a promise that nobody holds", `void Promise.reject(new Error("lost ${CANARIES.mail}"));`, "Error"],
  [
    "a socket without a listener",
    `new EventEmitter().emit("error", new Error("hung up ${CANARIES.saslPassword}"));`,
    "Error",
  ],
])(
  "%s in a dependency ends the process with 1 and a line that names it, and the next one goes on",
  async (_, does, what) => {
    const cwd = project();
    const path = dependency(cwd, does);
    const env = { NODE_OPTIONS: `--import=${path}` };
    const running = startSigma(["start", "--port", "0", "--log-level", "silent"], { cwd, env });
    await running.line(/Try next/);
    writeFileSync(join(cwd, "go"), "");
    const { code, stderr } = await running.ended;
    expect([code, stderr.split("\n").map((line) => line.replace(/:\d+\)/, ":N)"))]).toEqual([
      1,
      [
        `error SIG-X-002 Ended by an error in the background, in @acme/driver (lib/monitor.mjs:N): ${what}`,
        "  fix: start again, which goes on from the ledger; run with SIGMA_DEBUG=1 to see the stack, and report it",
        "",
      ],
    ]);
    expect((await sigma(["audit", "--source", "--quiet"], { cwd })).code).toBe(0);
  },
);
