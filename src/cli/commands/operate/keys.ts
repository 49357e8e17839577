import type { Command } from "commander";
import { makeKey, readKey, rotateKey } from "../../../anchor/keys.ts";
import { note, print, printJson } from "../../terminal/output.ts";
import { cannotWrite, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

/** `sigma keys new|rotate|show`: standard output has only the public key. */
export async function keysCommand(
  command: Command,
  action: "new" | "rotate" | "show",
  { json }: { readonly json: boolean },
): Promise<void> {
  const { keyFile } = (await configFor(command)).anchor;
  const { id, from } = await ACTIONS[action](keyFile).catch((error: unknown) => {
    if (typeof (error as NodeJS.ErrnoException).errno !== "number") throw error;
    const remedy = "correct the permissions of its folder, or name another with --key-file";
    throw cannotWrite("SIG-I-035", `the key "${keyFile}"`, error, remedy);
  });
  if (json)
    return printJson({ kind: "key", file: keyFile, publicKey: id, ...(from === null ? {} : { replaces: from }) });
  print(id);
  note(NOTES[action](keyFile));
}

type Key = { readonly id: string; readonly from: string | null };

const ACTIONS: Readonly<Record<"new" | "rotate" | "show", (keyFile: string) => Promise<Key>>> = {
  new: async (keyFile) => {
    const made = makeKey(keyFile);
    if (made !== null) return { id: made.id, from: null };
    const message = `Cannot make the key "${keyFile}": there is a file already`;
    throw usage("SIG-I-037", message, "use `sigma keys rotate` to replace a key, or name another file with --key-file");
  },
  rotate: async (keyFile) => {
    const { from, to } = await rotateKey(keyFile, new Date().toISOString());
    return { id: to, from };
  },
  show: async (keyFile) => ({ id: (await readKey(keyFile)).id, from: null }),
};

const NOTES: Readonly<Record<keyof typeof ACTIONS, (keyFile: string) => string>> = {
  new: (keyFile) => `made ${keyFile}; keep the public key above where the writer of the store cannot write`,
  rotate: (keyFile) => `replaced ${keyFile}; a gateway that runs uses it from its next anchor on`,
  show: (keyFile) => `of ${keyFile}`,
};
