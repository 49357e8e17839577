import { expect, test } from "vitest";
import { loadContracts } from "../../src/contract/files.ts";
import { toJsonText } from "../../src/json/json-text.ts";
import { parcelDirectory, SCHEMA } from "./contract-files.ts";

test("a number that nothing keeps is told what would be kept, and an integer of 64 bits is none", () => {
  const read = (maximum: string): readonly string[] => {
    const schema = SCHEMA.replace('"number"', `"integer", "maximum": ${maximum}`);
    const result = loadContracts(parcelDirectory({}, { "parcel/v1.schema.json": schema }));
    if (!result.ok) return result.faults.map(({ message, remedy }) => `${message}; ${remedy}`);
    return [toJsonText(result.contracts[0]?.versions[0]?.schema)];
  };
  expect(read("9223372036854775808.5")).toEqual([
    "A number does not survive as a double; Write it with at most 15 digits, or as an integer within -9223372036854775808 and 9223372036854775807",
  ]);
  expect(read("9223372036854775807")).toEqual([expect.stringContaining('"maximum":9223372036854775807')]);
});
