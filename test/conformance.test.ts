import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { SUITES } from "./conformance.ts";

test("the conformance suites are the pinned ones, to the byte", () => {
  const pinned = readFileSync(join(SUITES, "SHA256SUMS"), "utf8").trimEnd().split("\n").toSorted();
  const files = readdirSync(SUITES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !["README.md", "SHA256SUMS"].includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const present = files.map((file) => {
    const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
    return `${digest}  ./${relative(SUITES, file)}`;
  });
  expect(present.toSorted()).toEqual(pinned);
});
