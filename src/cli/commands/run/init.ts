import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { print, printJson } from "../../terminal/output.ts";
import { packageFile } from "../../terminal/package.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { cannotWrite, usage } from "../../terminal/refusal.ts";
import { fileWord } from "../../terminal/shell-word.ts";

const CONFIGURATION = `# Every setting, with its default: npx sigma config show --origin
http:
  port: 8000

data:
  dir: .sigma/data

contracts:
  dir: contracts

sources:
  - topic: sigma-aetl.shipments
    subject: shipment
    # Version of records that declare none. Leave it out to refuse those.
    default: 1
    partitions: 1
`;

const README = `# Gateway

\`npx sigma start\` runs it; \`npx sigma contract check\` judges the fixtures under \`contracts/\`; \`npx sigma doctor\` checks the
rest. They run in this folder when the package sigma-aetl is installed here or in a folder above.
`;

/** The files to write. A file that exists is kept. */
const FILES: Readonly<Record<string, string>> = {
  "sigma.yaml": CONFIGURATION,
  "README.md": README,
  ".gitignore": ".sigma/\n",
};

/** `sigma init`: writes a configuration and, as an example to start from, the shipment contract with its fixtures and lock. */
export async function init(
  directory: string,
  { json }: { readonly yes: boolean; readonly json: boolean },
): Promise<void> {
  const targets = [...Object.keys(FILES), "contracts"];
  const occupied = ["sigma.yaml", "contracts"].filter((name) => existsSync(join(directory, name)));
  if (occupied.length > 0) {
    const message = `Cannot write into "${directory}": it has ${occupied.join(" and ")}`;
    throw usage("SIG-I-006", message, "name an empty directory: sigma init my-gateway");
  }
  // An existing README or .gitignore belongs to the project and stays.
  const written = targets.filter((name) => !existsSync(join(directory, name)));
  try {
    mkdirSync(directory, { recursive: true });
    for (const name of written) {
      const text = FILES[name];
      if (text === undefined)
        cpSync(packageFile("contracts"), join(directory, name), { recursive: true, errorOnExist: true, force: false });
      else writeFileSync(join(directory, name), text, { flag: "wx" });
    }
  } catch (error) {
    throw cannotWrite("SIG-I-006", `into "${directory}"`, error, "name a directory that can be written");
  }
  if (json) return printJson({ kind: "written", directory, files: written });
  for (const name of written) print(`wrote ${join(directory, name)}`);
  print("");
  print("Try next:");
  // The commands work without `cd`: the program may be found only from this directory.
  const there = directory === "." ? [] : ["--config", fileWord(join(directory, "sigma.yaml"))];
  print(`  ${toRun("contract check", there)}`);
  print(`  ${toRun("start", there)}`);
}
