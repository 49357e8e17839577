import { copyFileSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { openDatabase, type FileKind } from "../../src/sqlite/open.ts";
import { markWalChecked, refuseWrongWal } from "../../src/sqlite/wal.ts";
import { temporaryDirectory } from "../embedded.ts";

const KIND: FileKind = {
  code: "LOG",
  name: "box",
  applicationId: 0x1234_5678,
  version: 1,
  cacheKib: 16_384,
  walPages: 4_000,
  recovery: "find another",
  older: "keep it",
  check: null,
  identity: "SELECT text AS id FROM things ORDER BY rowid LIMIT 1",
};

const FRAME_BYTES = 24 + 4_096;

function open(path: string, readOnly = false): DatabaseSync {
  const create = (db: DatabaseSync): void => db.exec("CREATE TABLE things (text TEXT NOT NULL) STRICT");
  const { db } = openDatabase(KIND, { path, readOnly, busyTimeoutMs: 5_000 }, create, () => null);
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return db;
}

function add(db: DatabaseSync, ...texts: readonly string[]): void {
  for (const text of texts) db.prepare("INSERT INTO things VALUES (?)").run(text);
}

const textsOf = (db: DatabaseSync): readonly unknown[] =>
  db
    .prepare("SELECT text FROM things")
    .all()
    .map((row) => row["text"]);

/** What a process leaves behind that is killed: its files as they are while it runs, once closed and then written on. */
function killed(name: string, suffixes: readonly string[] = ["", "-wal", "-shm"]): string {
  const [from, to] = [join(temporaryDirectory(), "box.db"), join(temporaryDirectory(), "box.db")];
  const first = open(from);
  add(first, `first of ${name}`, "x".repeat(20_000));
  first.close();
  const db = open(from);
  add(db, "one", "two", "three");
  for (const suffix of suffixes) copyFileSync(from + suffix, to + suffix);
  return to;
}

function contentOf(path: string): readonly Buffer[] {
  return ["", "-wal"].map((suffix) => readFileSync(path + suffix));
}

/** Refused, whether to be written or only to be looked at, however often, and nothing of it is changed. */
function expectRefused(path: string, why: string): void {
  const before = contentOf(path);
  for (const readOnly of [true, false, false]) {
    expect(() => open(path, readOnly)).toThrow(
      expect.objectContaining({ code: "LOG_WAL", message: expect.stringContaining(why) as string }),
    );
  }
  expect(contentOf(path)).toEqual(before);
}

describe("a file that was left behind with its -wal", () => {
  test.each([[["", "-wal", "-shm"]], [["", "-wal"]]])("is opened with all that was committed (%j)", (suffixes) => {
    expect(textsOf(open(killed("mine", suffixes)))).toHaveLength(5);
  });

  test("is opened without what a transaction left that was not over", () => {
    const path = killed("mine");
    const wal = readFileSync(`${path}-wal`);
    // The last frame again, with its salts and a checksum that does not go on from it: written, and never on the disk as a whole.
    writeFileSync(`${path}-wal`, Buffer.concat([wal, wal.subarray(-FRAME_BYTES)]));
    expect(textsOf(open(path))).toHaveLength(5);
  });
});

describe("a -wal that does not belong to its file", () => {
  test("is refused when it is of another file of the same kind", () => {
    const [mine, other] = [killed("mine", [""]), join(temporaryDirectory(), "box.db")];
    const db = open(other);
    add(db, "another");
    copyFileSync(`${other}-wal`, `${mine}-wal`);
    expectRefused(mine, "of another file");
  });

  test("is refused when its file is gone, or is empty: it would be deleted", () => {
    const path = killed("mine");
    rmSync(path);
    for (const readOnly of [true, false]) {
      expect(() => open(path, readOnly)).toThrow(expect.objectContaining({ code: "LOG_WAL" }));
    }
    expect(readdirSync(join(path, ".."))).toContain("box.db-wal");
    writeFileSync(path, "");
    expectRefused(path, "gone or empty");
  });

  test("is refused when it was cut off", () => {
    const path = killed("mine");
    const { length } = readFileSync(`${path}-wal`);
    truncateSync(`${path}-wal`, length - FRAME_BYTES);
    expectRefused(path, "ends before");
  });

  test.each([[["", "-wal", "-shm"]], [["", "-wal"]]])(
    "is refused when it is damaged before what was committed later (%j)",
    (suffixes) => {
      const path = killed("mine", suffixes);
      const wal = readFileSync(`${path}-wal`);
      wal.writeUInt8(wal.readUInt8(32 + 24 + 100) ^ 1, 32 + 24 + 100);
      writeFileSync(`${path}-wal`, wal);
      expectRefused(path, "is damaged");
    },
  );
});

describe("a file that this process may have open", () => {
  /** A file whose -wal is cut off, put where one is looked for. */
  const putCutOff = (path: string): void => {
    const from = killed("cut");
    truncateSync(`${from}-wal`, 32 + FRAME_BYTES - 7);
    for (const suffix of ["", "-wal", "-shm"]) copyFileSync(from + suffix, path + suffix);
  };

  test("is not looked at again, whatever link its folder is reached by: that would take its locks away", () => {
    const link = join(temporaryDirectory(), "link");
    symlinkSync(temporaryDirectory(), link);
    const [seen, unseen] = [join(link, "seen.db"), join(link, "unseen.db")];
    // Before it is there, as a new one is.
    refuseWrongWal(KIND, seen);
    putCutOff(seen);
    putCutOff(unseen);
    expect(() => refuseWrongWal(KIND, seen)).not.toThrow();
    expect(() => refuseWrongWal(KIND, unseen)).toThrow("ends before what was committed in it");
  });

  test("is not looked at by a thread that was told so", () => {
    const path = join(temporaryDirectory(), "told.db");
    putCutOff(path);
    markWalChecked(path);
    expect(() => refuseWrongWal(KIND, path)).not.toThrow();
  });
});
