import { createWriteStream } from "node:fs";
import { once } from "node:events";
import type { Writable } from "node:stream";
import type { Command } from "commander";
import { allFailures, exported } from "../../../failures/export.ts";
import { holdsRedriven } from "../../../failures/redriven.ts";
import { toJsonText } from "../../../json/json-text.ts";
import { counted, note } from "../../terminal/output.ts";
import { usage } from "../../terminal/refusal.ts";
import type { ListOptions } from "./list.ts";
import { filterOf, withFailures } from "./open-failures.ts";

/** `sigma failures export`: failures with bytes, key and headers, one object a line. It holds no more than a page in memory. */
export async function exportFailures(
  command: Command,
  options: ListOptions & { readonly out?: string },
): Promise<void> {
  await withFailures(command, async ({ reads, groups, lookup, redaction, nowMs }) => {
    const { out, ...text } = options;
    const filter = filterOf(text, nowMs);
    const stateOf = await groups.states(nowMs);
    const to: Writable = out === undefined ? process.stdout : await openFile(out);
    let count = 0;
    for await (const failure of allFailures(reads, { filter, withPayload: true, stateOf, isLeftOut: holdsRedriven })) {
      count += 1;
      const line = `${toJsonText({ v: 1, kind: "failure", ...(await exported(lookup, failure, redaction)) })}\n`;
      if (!to.write(line)) await once(to, "drain");
    }
    if (out !== undefined) {
      to.end();
      await once(to, "finish");
    }
    note(`${counted(count, "failure")} written`);
  });
}

/** @throws Refusal when the file exists, or cannot be made: an export never overwrites. */
async function openFile(path: string): Promise<Writable> {
  const file = createWriteStream(path, { flags: "wx", mode: 0o600 });
  try {
    await once(file, "open");
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    throw usage(
      "SIG-F-005",
      `Cannot write "${path}": ${code}`,
      "name a file that does not exist, in a folder that does",
    );
  }
  return file;
}
