import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import config from "../vitest.config.ts";
import { filesLeftOut, laneOf, testFiles } from "./lanes.ts";
import { LONG, PROCESSES, SERVERS } from "./servers/available.ts";

const ROOT = resolve(import.meta.dirname, "..");
const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** A machine on which nothing can be brought. */
const NOTHING = SERVERS.map((server) => ({
  ...server,
  bring: () => {
    throw new Error("there is no network");
  },
}));

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("the lanes", () => {
  test("hold every test file once", () => {
    const lanes = (["fast", "long", "servers"] as const).map((lane) => {
      const left = filesLeftOut(lane, []);
      return testFiles().filter((file) => !left.includes(file));
    });
    expect(lanes.every((files) => files.length > 0)).toBe(true);
    expect(lanes.flat().toSorted()).toEqual(testFiles());
  });

  test("know a server by what a file imports, through other files too", () => {
    expect(
      [
        "test/chaos/chaos.test.ts",
        "test/store/mongodb/what-if.test.ts",
        "test/e2e/kill.test.ts",
        "test/lanes.test.ts",
      ].map(laneOf),
    ).toEqual(["servers", "servers", "long", "fast"]);
  });

  test("name in their table every module that runs what a server is made of", () => {
    const programs =
      /\b(?:spawn|spawnSync|execFile|execFileSync|exec|run)\(\s*(?:"(?:java|mvn|python3|docker|mount)"|\w*binary\w*)|\bexecutablePath: /i;
    const running = readdirSync(join(ROOT, "test"), { recursive: true })
      .map((path) => `test/${String(path)}`)
      .filter((path) => path.endsWith(".ts") && programs.test(text(path)));
    // The last one reads with Kafka's own client, whose jars are the broker's.
    const modules = [...SERVERS.map(({ module }) => module), "test/servers/available.ts", "test/chaos/visible.ts"];
    expect(running.toSorted()).toEqual(modules.toSorted());
  });

  test("know that a file starts our own program in the same way, and no other module starts it", () => {
    const starting = readdirSync(join(ROOT, "test"), { recursive: true })
      .map((path) => `test/${String(path)}`)
      .filter((path) => path.endsWith(".ts") && /bin\/sigma\.js["'`]/.test(text(path)));
    const starters = [
      ...PROCESSES,
      "test/e2e/builds.ts",
      "test/e2e/engines.ts",
      "test/chaos/workers.ts",
      "test/soak/gateway.ts",
    ];
    expect(starting.filter((path) => laneOf(path) === "fast" && !starters.includes(path))).toEqual([]);
  });

  test("call only files long that are there", () => {
    expect(LONG.filter((path) => !testFiles().some((file) => file === path || file.startsWith(`${path}/`)))).toEqual(
      [],
    );
  });

  test("are chosen by the scripts of the package", () => {
    const { scripts } = JSON.parse(text("package.json")) as { scripts: Record<string, string> };
    const chosen = Object.entries(scripts).filter(([name]) => /^test\b/.test(name));
    expect(Object.fromEntries(chosen)).toEqual({
      test: "vitest run",
      "test:fast": "vitest run --mode fast",
      "test:long": "vitest run --mode long",
      "test:servers": "vitest run --mode servers",
    });
    const exclude = config({ command: "serve", mode: "fast" }).test?.exclude ?? [];
    expect(testFiles().filter((file) => !exclude.includes(file))).toEqual(
      testFiles().filter((file) => laneOf(file) === "fast"),
    );
  });

  test("run all together when none is chosen, and those of the fast lane share their modules", () => {
    const projects = config({ command: "serve", mode: "test" }).test?.projects ?? [];
    const lanes = projects.map((project) => (typeof project === "object" && "test" in project ? project.test : {}));
    const shown = lanes.map(({ name, isolate, exclude = [] }) => ({
      name,
      isolate,
      files: testFiles().filter((file) => !exclude.includes(file)),
    }));
    expect(shown).toEqual(
      (["fast", "long", "servers"] as const).map((lane) => ({
        name: lane,
        isolate: lane !== "fast",
        files: testFiles().filter((file) => laneOf(file) === lane),
      })),
    );
  });
});

describe("a machine without servers", () => {
  test("runs the whole fast lane, in CI as well, and brings nothing for it", () => {
    vi.stubEnv("CI", "true");
    const left = filesLeftOut("fast", NOTHING);
    expect(left).toEqual(testFiles().filter((file) => laneOf(file) !== "fast"));
  });

  test("leaves out what it cannot run, and says so", () => {
    vi.stubEnv("CI", undefined);
    const said: string[] = [];
    const write = vi.spyOn(process.stderr, "write").mockImplementation((line) => said.push(String(line)) > 0);
    const left = filesLeftOut("servers", NOTHING);
    write.mockRestore();
    expect(left).toEqual(testFiles());
    expect(said).toEqual(
      SERVERS.map(
        ({ name, needs }) => `SKIPPED: every test on a real ${name}. It needs ${needs}: there is no network\n`,
      ),
    );
  });

  test("fails in CI", () => {
    vi.stubEnv("CI", "true");
    expect(() => filesLeftOut("servers", NOTHING)).toThrow("there is no network");
  });
});
