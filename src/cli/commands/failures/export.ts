import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { allFailures, exported } from "../../../failures/export.ts";
import { holdsRedriven } from "../../../failures/redriven.ts";
import { toJsonText } from "../../../json/json-text.ts";
import { counted, note } from "../../terminal/output.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { cannotWrite } from "../../terminal/refusal.ts";
import type { ListOptions } from "./list.ts";
import { filterOf, withFailures, type OpenFailures } from "./open-failures.ts";

/** `sigma failures export`: failures with bytes, key and headers, one object a line. It holds no more than a page in memory. */
export async function exportFailures(
  command: Command,
  { out, ...text }: ListOptions & { readonly out?: string },
): Promise<void> {
  await withFailures(command, async (open) => {
    let count = 0;
    const lines = async function* (): AsyncGenerator<string> {
      for await (const line of linesOf(open, text)) {
        yield line;
        count += 1;
      }
    };
    if (out === undefined) {
      for await (const line of lines()) if (!process.stdout.write(line)) await once(process.stdout, "drain");
    } else await writeFile(out, lines());
    note(`${counted(count, "failure")} written`);
  });
}

async function* linesOf(
  { reads, groups, lookup, redaction, nowMs }: OpenFailures,
  text: Omit<ListOptions, "out">,
): AsyncGenerator<string> {
  const filter = filterOf(text, nowMs);
  const stateOf = await groups.states(nowMs);
  const search = { filter, withPayload: true, stateOf, redaction, isLeftOut: holdsRedriven };
  for await (const failure of allFailures(reads, search))
    yield `${toJsonText({ v: 1, kind: "failure", ...(await exported(lookup, failure, redaction)) })}\n`;
}

/** @throws Refusal when the file exists, or cannot be made or written: an export never overwrites. */
async function writeFile(path: string, lines: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(lines, createWriteStream(path, { flags: "wx", mode: 0o600 }));
  } catch (error) {
    const { syscall } = error as NodeJS.ErrnoException;
    if (syscall !== "open" && syscall !== "write") throw error;
    const remedy =
      syscall === "open"
        ? "name a file that does not exist, in a folder that does"
        : "remove the file, which is not complete, and export again";
    throw cannotWrite("SIG-F-005", `"${plainText(path)}"`, error, remedy);
  }
}
