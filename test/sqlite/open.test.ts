import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { atomically, guarded, openDatabase, readLayout, type FileKind } from "../../src/sqlite/open.ts";
import { openReadOnly } from "../../src/sqlite/read-only.ts";
import { temporaryDirectory } from "../embedded.ts";
import { KIND } from "./kind.ts";
import { unavailable } from "../unavailable.ts";

describe("a database file", () => {
  test("is made with its directories, write-ahead log, full synchronisation and marks of its kind", () => {
    const db = openBox(join(temporaryDirectory(), "a", "b", "box.db"));
    const names = ["journal_mode", "synchronous", "application_id", "user_version"];
    expect(names.map((name) => db.prepare(`PRAGMA ${name}`).get()?.[name])).toEqual(["wal", 2, KIND.applicationId, 3]);
  });

  test("is laid out once, and keeps what is in it", () => {
    const path = boxPath();
    openBox(path).exec("INSERT INTO things VALUES ('a')");
    expect(openBox(path).prepare("SELECT name FROM things").all()).toEqual([{ name: "a" }]);
  });

  test("is laid out whole or not at all", () => {
    const path = boxPath();
    expect(() => openDatabase(KIND, { path, busyTimeoutMs: 0 }, layOutInPart, same)).toThrow("cut off");
    expect(openBox(path).prepare("SELECT name FROM things").all()).toEqual([]);
  });

  test("can be made by several processes at the same moment: all find one and the same", async () => {
    const path = boxPath();
    const script = fileURLToPath(new URL("create.child.ts", import.meta.url));
    const children = [1, 2, 3, 4].map(() => {
      const child = spawn(process.execPath, [script, path], { stdio: ["pipe", "pipe", "inherit"] });
      onTestFinished(() => void child.kill("SIGKILL"));
      return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
    });
    for (const { lines } of children) expect((await lines.next()).value).toBe("ready");
    for (const { child } of children) child.stdin.write("go\n");
    const answers = await Promise.all(children.map(async ({ lines }) => String((await lines.next()).value).split(" ")));
    expect(new Set(answers.map(([stream]) => stream)).size).toBe(1);
    expect(new Set(answers.map(([, offset]) => offset))).toEqual(new Set(["0", "1", "2", "3"]));
    await Promise.all(children.map(async ({ child }) => child.exitCode === null && once(child, "exit")));
  });
});

describe("a file that is not ours", () => {
  test("is refused by name and left as it was, byte for byte", async () => {
    const path = boxPath();
    const foreign = new DatabaseSync(path);
    foreign.exec("CREATE TABLE accounts (id INTEGER); PRAGMA user_version = 3");
    foreign.close();
    const before = readFileSync(path);
    for (const readOnly of [false, true]) {
      const error = await unavailable(() => openDatabase(KIND, { path, busyTimeoutMs: 0, readOnly }, layOut, same));
      expect(error).toMatchObject({ code: "LOG_FOREIGN", remedy: "name another file or data directory" });
      expect(error.message).toBe(`Cannot open box "${path}": the file is not a box of this gateway`);
    }
    expect(readFileSync(path)).toEqual(before);
  });

  test("of another kind of ours is refused too", async () => {
    const path = boxPath();
    openBox(path).close();
    const other: FileKind = { ...KIND, name: "log", applicationId: 7 };
    const error = await unavailable(() => openDatabase(other, { path, busyTimeoutMs: 0 }, layOut, same));
    expect(error.code).toBe("LOG_FOREIGN");
  });

  test("that a newer program wrote is refused by version and left as it was", async () => {
    const path = boxPath();
    const newer = openBox(path);
    newer.exec("PRAGMA user_version = 4");
    newer.close();
    const before = readFileSync(path);
    const error = await unavailable(() => openBox(path));
    expect(error).toMatchObject({
      code: "LOG_NEWER",
      remedy: "use the newer build that wrote it; nothing was changed",
    });
    expect(error.message).toBe(`Cannot open box "${path}": it has a newer layout of ours (4); this build writes 3`);
    expect(readFileSync(path)).toEqual(before);
  });

  test("that an older program wrote is refused by version, with what to do, and left as it was", async () => {
    const path = boxPath();
    const older = openBox(path);
    older.exec("PRAGMA user_version = 2");
    older.close();
    const before = readFileSync(path);
    const error = await unavailable(() => openBox(path));
    expect(error).toMatchObject({ code: "LOG_OLDER", remedy: KIND.older });
    expect(error.message).toBe(`Cannot open box "${path}": it has an older layout of ours (2); this build writes 3`);
    expect(readFileSync(path)).toEqual(before);
  });

  test.each([0, -3])("that names layout %i, which no build writes, is damaged", async (version) => {
    const path = boxPath();
    const changed = openBox(path);
    changed.exec(`PRAGMA user_version = ${version}`);
    changed.close();
    const message = `Cannot use box "${path}": its header was changed: it names layout ${version}, which no build writes`;
    for (const look of [() => openBox(path), () => readLayout(KIND, path, 0)])
      expect(await unavailable(look)).toMatchObject({ code: "LOG_CORRUPT", message, remedy: "find another" });
  });

  test("has a layout that can be asked for, whichever that is; what is not ours has none", async () => {
    const path = boxPath();
    expect(readLayout(KIND, path, 0)).toBe(null);
    writeFileSync(path, "");
    expect(readLayout(KIND, path, 0)).toBe(null);
    openBox(path).close();
    const other = { ...KIND, version: 9 };
    expect([readLayout(KIND, path, 0), readLayout(other, path, 0)]).toEqual([3, 3]);
    const foreign = { ...KIND, applicationId: 7 };
    expect(await unavailable(() => readLayout(foreign, path, 0))).toMatchObject({ code: "LOG_FOREIGN" });
  });

  test("and is no database at all is damaged, with what to do", async () => {
    const path = boxPath();
    writeFileSync(path, "no database, but long enough to have a header of one ".repeat(50));
    const error = await unavailable(() => openBox(path));
    expect(error).toMatchObject({ code: "LOG_CORRUPT", remedy: "find another" });
    expect(error.message).toBe(`Cannot use box "${path}": the file is not a database, or its header is damaged`);
  });

  test.each([
    ["header", 0, 100],
    ["schema format", 44, 48],
    ["first page", 100, 4_096],
  ] as const)("whose %s was overwritten is damaged", async (_, from, to) => {
    const path = boxPath();
    openBox(path).close();
    writeFileSync(path, readFileSync(path).fill(7, from, to));
    expect(await unavailable(() => openBox(path))).toMatchObject({ code: "LOG_CORRUPT" });
  });

  test("and cannot be opened or made says which path", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "is-directory"));
    writeFileSync(join(directory, "is-file"), "");
    for (const name of ["is-directory", join("is-file", "box.db"), join("is-file", "deeper", "box.db")]) {
      const error = await unavailable(() => openBox(join(directory, name)));
      expect(error.code).toBe("LOG_CANTOPEN");
      expect(error.message).toContain(join(directory, name));
    }
  });

  test("and is missing is not made by opening it for reading", async () => {
    const path = boxPath();
    const error = await unavailable(() => openDatabase(KIND, { path, busyTimeoutMs: 0, readOnly: true }, layOut, same));
    expect(error.code).toBe("LOG_CANTOPEN");
  });
});

describe("a database beside which nothing can be made", () => {
  /** As a user who may read and not write; root may do anything. */
  function asReader<T>(directory: string, run: () => T): T {
    chmodSync(directory, 0o555);
    for (const name of readdirSync(directory)) chmodSync(join(directory, name), 0o444);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      return run();
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(directory, 0o755);
    }
  }

  function namesIn(path: string): unknown {
    const { db, made } = openDatabase(KIND, { path, busyTimeoutMs: 0, readOnly: true }, layOut, (file) =>
      file.prepare("SELECT name FROM things ORDER BY name").all(),
    );
    db.close();
    return made;
  }

  function openDirectory(): string {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o755);
    return join(directory, "box.db");
  }

  test("is read when it was closed in order", () => {
    const path = openDirectory();
    const db = openBox(path);
    db.exec("INSERT INTO things VALUES ('a')");
    db.close();
    expect(asReader(dirname(path), () => namesIn(path))).toEqual([{ name: "a" }]);
  });

  test.each([
    ["with its index", true],
    ["without its index", false],
  ])("is read with what is in its write-ahead log alone, %s", (_, indexed) => {
    const from = boxPath();
    const path = openDirectory();
    openBox(from).exec("INSERT INTO things VALUES ('a')");
    for (const suffix of ["", "-wal", ...(indexed ? ["-shm"] : [])])
      copyFileSync(`${from}${suffix}`, `${path}${suffix}`);
    expect(asReader(dirname(path), () => namesIn(path))).toEqual([{ name: "a" }]);
  });
});

test("what a transaction left that was killed outside WAL mode is not read as if it had been over", () => {
  const from = boxPath();
  openBox(from).close();
  const db = new DatabaseSync(from);
  db.exec("PRAGMA journal_mode = DELETE; BEGIN");
  const add = db.prepare("INSERT INTO things VALUES (?)");
  for (let row = 0; row < 2_000; row += 1) add.run("a".padStart(200));
  // Pages reach the file before the end, as those of a migration of many facts do.
  db.exec("COMMIT; PRAGMA cache_size = 5; BEGIN EXCLUSIVE; UPDATE things SET name = replace(name, 'a', 'b')");
  const path = boxPath();
  for (const suffix of ["", "-journal"]) copyFileSync(`${from}${suffix}`, `${path}${suffix}`);
  db.exec("ROLLBACK");
  db.close();
  const read = openReadOnly(path, { timeout: 0, enableForeignKeyConstraints: false });
  expect(read.prepare("SELECT DISTINCT trim(name) AS name FROM things").all()).toEqual([{ name: "a" }]);
  read.close();
  // It was left as it was found.
  expect(statSync(`${path}-journal`).size).toBeGreaterThan(0);
});

describe("work on a database", () => {
  test("is undone when it throws, and the error is its own", () => {
    const db = openBox(boxPath());
    const error = new Error("mine");
    const work = (): never => {
      db.exec("INSERT INTO things VALUES ('a')");
      throw error;
    };
    expect(() => guarded(KIND, "path", () => atomically(db, work))).toThrow(error);
    expect(db.prepare("SELECT name FROM things").all()).toEqual([]);
    expect(db.isTransaction).toBe(false);
  });

  test("that is wrong is a bug, not an outage", () => {
    const db = openBox(boxPath());
    expect(() => guarded(KIND, "path", () => db.exec("SELECT absent"))).toThrow("no such column: absent");
  });
});

function boxPath(): string {
  return join(temporaryDirectory(), "box.db");
}

function openBox(path: string): DatabaseSync {
  const { db } = openDatabase(KIND, { path, busyTimeoutMs: 0 }, layOut, same);
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return db;
}

function layOut(db: DatabaseSync): void {
  db.exec("CREATE TABLE things (name TEXT NOT NULL) STRICT");
}

function layOutInPart(db: DatabaseSync): never {
  layOut(db);
  throw new Error("cut off");
}

function same(db: DatabaseSync): DatabaseSync {
  return db;
}
