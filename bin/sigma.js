#!/usr/bin/env node
// Starts the command line on a Node that can run it. This file is plain JavaScript for any Node from 12.20 on, so that
// an old Node gets as far as a clear error message.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { HEAP_FLAGS, YOUNG_FLAGS } from "./heap.js";

/** The Node version needed for type stripping without a flag, node:sqlite, and the dependencies. */
const NEEDED = [24, 6];
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const found = process.versions.node.split(".").map(Number);

if (found[0] > NEEDED[0] || (found[0] === NEEDED[0] && found[1] >= NEEDED[1])) start();
else relaunch();

function start() {
  quietExperiments();
  if (process.argv[2] === "start") {
    setYoungGeneration();
    // Told to end now, it has nothing to finish. The first process of a container would not hear a signal without a handler.
    process.once("SIGTERM", () => process.exit(0));
  }
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag);
  if (module.enableCompileCache !== undefined) module.enableCompileCache();
  // A checkout has the sources; the published package has only the built files.
  const cli = existsSync(join(root, "src")) ? "../src/cli/program.ts" : "../dist/cli/program.js";
  import(cli).then((loaded) => loaded.runCli(process.argv.slice(2)));
}

/**
 * Sets the young generation. Node accepts these flags only on the command line, so a long-running process replaces
 * itself once (same process id, same streams; about 40 ms). Windows has no such call and runs without the flags.
 */
function setYoungGeneration() {
  const given = [...process.execArgv, process.env.NODE_OPTIONS || ""].some((option) => option.includes("semi-space"));
  if (given || YOUNG_FLAGS.length === 0 || process.platform === "win32" || process.execve === undefined) return;
  const [node, ...own] = process.argv;
  process.execve(node, [node, ...process.execArgv, ...YOUNG_FLAGS, ...own], process.env);
}

/**
 * Hides the warnings that node:sqlite and execve are experimental in Node 24: the version is pinned and tested here.
 */
function quietExperiments() {
  const emit = process.emitWarning;
  process.emitWarning = function emitWarning(warning, ...rest) {
    if (rest[0] === "ExperimentalWarning" && /SQLite|execve/.test(warning)) return;
    Reflect.apply(emit, process, [warning, ...rest]);
  };
}

/**
 * Starts again with a newer Node when the one on the PATH is too old. A checkout has its own Node as a devDependency,
 * and one may be installed next to the package.
 */
function relaunch() {
  const name = process.platform === "win32" ? "node.cmd" : "node";
  const own = [join(root, "node_modules"), dirname(root)]
    .map((modules) => join(modules, ".bin", name))
    .find(existsSync);
  if (own === undefined || process.env.SIGMA_RELAUNCHED !== undefined) {
    process.stderr.write(
      `error SIG-X-001 Cannot run sigma on Node ${process.versions.node}: it needs Node ${NEEDED.join(".")} or newer\n` +
        "  fix: install a newer Node; or beside this package: npm install node@24; or in a checkout: npm ci, which brings one\n",
    );
    process.exitCode = 2;
    return;
  }
  const child = spawn(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, SIGMA_RELAUNCHED: process.argv[1] },
  });
  // The terminal signals the whole process group, so passing on SIGINT would give the child Ctrl-C twice. A service
  // manager may signal only this process. Passing on SIGTERM and SIGHUP only is right for both.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`error SIG-X-001 Cannot start "${own}": ${error.message}\n  fix: run npm ci again\n`);
    process.exitCode = 2;
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exitCode = code === null ? 1 : code;
    else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}
