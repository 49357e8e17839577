import type { Command, Option } from "commander";
import { SETTINGS, type Setting } from "../../config/settings.ts";
import { fileWord, shellWord } from "./shell-word.ts";

// Commands that this program prints can be run as printed: they use the name under which the program was called, and
// repeat the options that chose the configuration, the contracts and the data.

/** The command line of this process. */
type Caller = {
  /** What to type for `sigma` in a shell. */
  readonly program: string;
  readonly root: Command;
  readonly env: Readonly<Record<string, string | undefined>>;
};

let caller: Caller | null = null;
/** The running command, whose options are repeated. */
let running: Command | null = null;

/** Called once, before the command line is parsed. */
export function rememberCaller(program: string, root: Command, env: Caller["env"]): void {
  caller = { program, root, env };
  running = null;
  root.hook("preAction", (_, action) => {
    running = action;
  });
}

/** An option and its value on the command line; a null value for a switch. */
export type Written = readonly [flag: string, value: string | null];

/**
 * A command to run next in the same shell and directory, such as `npx sigma audit --data .data`.
 * @param path the command's name, as in "contract check".
 * @param words further words, already quoted for a shell.
 */
export function toRun(path: string, words: readonly string[] = []): string {
  const { program } = required();
  return [program, path, ...targetOf(path).map(writtenText), ...words].join(" ");
}

/**
 * The running command again, with all its given options and these changes.
 * @param changed options with another value.
 * @param args the arguments, when they differ.
 */
export function toRunAgain(changed: readonly Written[] = [], args?: readonly string[]): string {
  const command = running;
  if (command === null) throw new Error("Cannot repeat the command: none was read");
  const words = (args ?? command.args).map(fileWord);
  const path = pathOf(command);
  const target = targetOf(path);
  const told = new Set([...target, ...changed].map(([flag]) => flag));
  const kept = command.options.flatMap((option) => givenOption(command, option)).filter(([flag]) => !told.has(flag));
  return [toRun(path), ...words, ...[...kept, ...changed].map(writtenText)].join(" ");
}

/** Whether this is the running command. */
export function isRunning(path: string): boolean {
  return running !== null && pathOf(running) === path;
}

/**
 * Names the environment variables that chose settings without an option, such as the brokers: a printed command needs
 * them too. Their values may be secrets and are not printed.
 * @returns "", or a part of a sentence.
 */
export function variablesToo(): string {
  const { env } = required();
  const names = SETTINGS.filter(({ flag, key }) => flag === null && CHOOSING.test(key)).flatMap(
    (setting) => variableOf(setting, env)?.name ?? [],
  );
  return names.length === 0 ? "" : `, with ${names.join(", ")} set as now`;
}

/** Settings that determine where records go and how they are judged, not how the process behaves. */
const CHOOSING = /^(?:sources$|kafka\.|mongodb\.|registry\.|contracts\.|limits\.|passed\.)/;

/**
 * Rewrites the commands in a text as the user can call them: "run `sigma audit`" becomes "run `npx sigma audit --data
 * .data`". A command that is already in that form stays unchanged.
 */
export function withCommands(text: string): string {
  if (caller === null) return text;
  const { program } = caller;
  const called = program.replaceAll(/[^\w ]/g, String.raw`\$&`);
  const mention = new RegExp(String.raw`(?<![\w'./@-])(?:${called}|(?:npx )?sigma) ([a-z-]+)(?: ([a-z-]+))?`, "g");
  return text.replaceAll(mention, (whole: string, first: string, second: string | undefined, at: number) => {
    const path = knownPath(first, second);
    if (path === null) return whole;
    const options = targetOf(path)
      .map((one) => ` ${writtenText(one)}`)
      .join("");
    const end = at + whole.length - (path === first && second !== undefined ? second.length + 1 : 0);
    const there = text.startsWith(options, end);
    return `${program} ${path}${there ? "" : options}${text.slice(end, at + whole.length)}`;
  });
}

/** The command that one or two words name, such as "audit" or "contract check"; null when there is none. */
function knownPath(first: string, second: string | undefined): string | null {
  const group = required().root.commands.find((one) => one.name() === first);
  if (group === undefined) return null;
  if (group.commands.length === 0) return first;
  return group.commands.some((one) => one.name() === second) ? `${first} ${second}` : null;
}

/** The given options that chose this process's target, as far as the other command has them. */
function targetOf(path: string): readonly Written[] {
  const { root, env } = required();
  const [first, second] = path.split(" ");
  const group = root.commands.find((one) => one.name() === first);
  const command = second === undefined ? group : group?.commands.find((one) => one.name() === second);
  const taken = new Set(command?.options.map(({ long }) => long));
  const config = root.getOptionValueSource("config") === "cli" ? String(root.getOptionValue("config")) : null;
  const options = running === null ? [] : running.options;
  return [
    ...(config === null ? [] : [["--config", config] as const]),
    ...SETTINGS.filter(({ flag, key }) => flag !== null && taken.has(flag) && isTarget(key)).flatMap((setting) => {
      const flag = setting.flag ?? "";
      const option = options.find(({ long }) => long === flag);
      const given = running === null || option === undefined ? [] : givenOption(running, option);
      const variable = variableOf(setting, env);
      if (given.length > 0 || variable === null) return given;
      return [[flag, variable.value] as const];
    }),
  ];
}

function isTarget(key: string): boolean {
  return key.endsWith(".dir");
}

/** An option as given on the command line; nothing when it was not given. */
function givenOption(command: Command, option: Option): readonly Written[] {
  const name = option.attributeName();
  if (option.long === undefined || option.long === null || command.getOptionValueSource(name) !== "cli") return [];
  const value: unknown = command.getOptionValue(name);
  return [[option.long, typeof value === "boolean" ? null : String(value)]];
}

function variableOf(
  { env: own, alias }: Setting,
  env: Caller["env"],
): { readonly name: string; readonly value: string } | null {
  for (const name of [own, alias]) {
    const value = name === null ? undefined : env[name];
    if (name !== null && value !== undefined) return { name, value };
  }
  return null;
}

function pathOf(command: Command): string {
  const { root } = required();
  const names: string[] = [];
  for (let at: Command | null = command; at !== null && at !== root; at = at.parent) names.unshift(at.name());
  return names.join(" ");
}

function writtenText([flag, value]: Written): string {
  return value === null ? flag : `${flag} ${shellWord(value)}`;
}

function required(): Caller {
  if (caller === null) throw new Error("Cannot print a command: the command line was not read");
  return caller;
}
