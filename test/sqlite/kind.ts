import type { FileKind } from "../../src/sqlite/open.ts";

/** A kind of file that only tests have. */
export const KIND: FileKind = {
  code: "LOG",
  name: "box",
  applicationId: 0x1234_5678,
  version: 3,
  cacheKib: 16_384,
  walPages: 4_000,
  recovery: "find another",
  older: "keep it",
  check: null,
  identity: "SELECT name AS id FROM things ORDER BY rowid LIMIT 1",
};
