import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT } from "../codes.ts";
import { describeIoError } from "../contract/source-text.ts";
import { print, printJson } from "./output.ts";
import { packageFile } from "./package.ts";
import { Refusal, usage } from "./refusal.ts";

const CONFIGURATION = `# Every setting, with its default: sigma config show --origin
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

\`sigma start\` runs it; \`sigma contract check\` judges the fixtures under \`contracts/\`; \`sigma doctor\` checks the rest.
`;

/** Written when nothing of them is there yet: all, or nothing. */
const FILES: Readonly<Record<string, string>> = {
  "sigma.yaml": CONFIGURATION,
  "README.md": README,
  ".gitignore": ".sigma/\n",
};

/** `sigma init`: a configuration, and the shipment contract with its fixtures and lock, to make one's own from. */
export async function init(
  directory: string,
  { json }: { readonly yes: boolean; readonly json: boolean },
): Promise<void> {
  const targets = [...Object.keys(FILES), "contracts"];
  const there = ["sigma.yaml", "contracts"].filter((name) => existsSync(join(directory, name)));
  if (there.length > 0) {
    const message = `Cannot write into "${directory}": it has ${there.join(" and ")}`;
    throw usage("SIG-I-006", message, "name an empty directory: sigma init my-gateway");
  }
  // A README or .gitignore of the project itself stays as it is.
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
    throw new Refusal(
      "SIG-I-006",
      `Cannot write into "${directory}": ${describeIoError(error)}`,
      "name a directory that can be written",
      EXIT.usage,
    );
  }
  if (json) return printJson({ kind: "written", directory, files: written });
  for (const name of written) print(`wrote ${join(directory, name)}`);
  print("");
  print("Try next:");
  if (directory !== ".") print(`  cd ${directory}`);
  print("  sigma contract check");
  print("  sigma start");
}
