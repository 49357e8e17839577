import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtOnce } from "../../scripts/built-once.ts";

// node built-once.child.ts <folder>: builds a file there, unless it is built. Tells when it looks and when it begins; ends at a line on stdin.
const [, , folder = ""] = process.argv;
const built = join(folder, "built");
await builtOnce(
  join(folder, "lock"),
  () => {
    process.stdout.write("looks\n");
    return existsSync(built);
  },
  async () => {
    process.stdout.write("begins\n");
    await once(process.stdin, "data");
    writeFileSync(built, "");
  },
);
process.stdout.write("is built\n");
process.stdin.destroy();
