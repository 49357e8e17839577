import { readFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import { Option, type Command } from "commander";
import { describeIoError } from "../../contract/source-text.ts";
import { usage } from "./refusal.ts";

/** Adds what a command needs that asks a gateway over HTTPS: whose signature it trusts, besides the authorities that Node knows. */
export function withTrust(command: Command): Command {
  return command
    .addOption(new Option("--ca <file>", "authority in PEM that signed the gateway's certificate (SIGMA_CA_FILE)"))
    .hook("preAction", async (_, acting) => {
      const file = acting.opts<{ ca?: string }>().ca ?? process.env["SIGMA_CA_FILE"] ?? "";
      if (file !== "") await trust(file);
    });
}

/** @throws a refusal when the file holds no certificates. */
async function trust(file: string): Promise<void> {
  const remedy = "name a file with certificates in PEM";
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw usage("SIG-R-004", `Cannot read the authority in "${file}": ${describeIoError(error)}`, remedy);
  }
  try {
    // Node takes a text without a certificate for an empty list, and says nothing.
    void new X509Certificate(text);
    // Most commands ask nobody: only who trusts more loads what speaks TLS.
    const { getCACertificates, setDefaultCACertificates } = await import("node:tls");
    setDefaultCACertificates([...getCACertificates("default"), text]);
  } catch {
    throw usage("SIG-R-004", `Cannot trust what is in "${file}": it holds no certificate in PEM`, remedy);
  }
}
