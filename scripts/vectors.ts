import { readFileSync, writeFileSync } from "node:fs";
import { decide, ENGINE } from "../src/core/decide.ts";
import { toJsonText } from "../src/json/json-text.ts";
import { parseJson } from "../src/json/parse-json.ts";
import { pinned, recordOf, vectorContracts, VECTORS_FILE, type Vector } from "../test/core/vectors.ts";

// node scripts/vectors.ts     Writes the decision of every vector anew. Run it only together with a new ENGINE: a diff in
// an existing row is a change of what the product decides.
const written = parseJson(readFileSync(VECTORS_FILE, "utf8")) as unknown as
  | { rows: readonly Vector[] }
  | readonly Vector[];
const rows = "rows" in written ? written.rows : written;
const set = vectorContracts();
const decided = rows.map((vector) => ({ ...vector, decision: pinned(decide(recordOf(vector), set)) }));
writeFileSync(VECTORS_FILE, `${toJsonText({ engine: ENGINE, rows: decided }, 1)}\n`);
process.stdout.write(`${decided.length} vectors written\n`);
