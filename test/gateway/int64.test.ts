import { describe, expect, test } from "vitest";
import { compileContractSet } from "../../src/core/compile.ts";
import { type CompiledContractSet } from "../../src/core/compiled.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../../src/core/contract-set.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { openEmbedded, TOPIC } from "../embedded.ts";

/** An id of 64 bits in version 1; in version 2 another member too. */
function contracts(defaultVersion: number): CompiledContractSet {
  const long: JsonObject = { type: "integer", format: "int64" };
  const versions = [{ id: long }, { id: long, n: long }].map((properties, index) => {
    const schema = { type: "object", required: ["id"], properties };
    const content = { version: index + 1, schema, rules: [], identity: ["/id"] };
    return { ...content, status: "active" as const, digest: versionDigest("change", content) };
  });
  const contract = { subject: "change", collection: "shipments", versionField: null, versions };
  const bindings = [{ topic: TOPIC, subject: "change", defaultVersion }];
  return compileContractSet(sealContractSet({ limits: DEFAULT_LIMITS, contracts: [contract], bindings }));
}

describe("integers of 64 bits in the embedded engine", () => {
  test("name facts by every digit; content is compared as the later record's version reads it", async () => {
    const { append, settle, audit, rows } = await openEmbedded();
    await append(
      '{"id":9007199254740993}',
      '{"id":9007199254740992}',
      '{ "id" : 9007199254740993 }',
      '{"id":1,"n":36028797018963968}',
      '{"id":1,"n":36028797018963970}',
      '{"id":2,"n":9007199254740993}',
    );
    await settle({ contracts: () => contracts(1) });
    await append('{"id":1, "n":36028797018963970}', '{"id":1,"n":36028797018963968}', '{"id":2,"n":9007199254740993}');
    await settle({ contracts: () => contracts(2) });
    expect((await rows()).map((row) => (row.kind === "failed" ? row.reason.kind : row.kind))).toEqual([
      "validated",
      "validated",
      "receipt",
      "validated",
      // One double, as version 1 has it; two integers, as version 2 has it.
      "receipt",
      "malformed",
      "conflict",
      "receipt",
      "validated",
    ]);
    expect(await audit(true)).toMatchObject({ findings: [], records: 9, redecided: 9 });
  });
});
