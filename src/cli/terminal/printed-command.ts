import type { Command, Option } from "commander";
import { SETTINGS, type Setting } from "../../config/settings.ts";
import { fileWord, shellWord } from "./shell-word.ts";

// Commands that this program prints for a person to run next run as they are printed: they name the program as it was called, and
// repeat what chose the configuration, the contracts and the data.

/** The command line of this process. */
type Caller = {
  /** What a shell takes for `sigma`. */
  readonly program: string;
  readonly root: Command;
  readonly env: Readonly<Record<string, string | undefined>>;
};

let caller: Caller | null = null;
/** The command that runs, and so the one whose options count. */
let running: Command | null = null;

/** Told once, before the command line is read. */
export function rememberCaller(program: string, root: Command, env: Caller["env"]): void {
  caller = { program, root, env };
  running = null;
  root.hook("preAction", (_, action) => {
    running = action;
  });
}

/** An option and its value as written behind a command; a value that is null: a switch. */
export type Written = readonly [flag: string, value: string | null];

/**
 * A command to run next, in the same shell and directory: `npx sigma audit --data .data`.
 * @param path its name, as in "contract check". @param words what follows, each a shell word already.
 */
export function toRun(path: string, words: readonly string[] = []): string {
  const { program } = required();
  return [program, path, ...targetOf(path).map(writtenText), ...words].join(" ");
}

/**
 * The command that runs now once more, with every option it was given and these changes.
 * @param changed options that get another value. @param args the arguments, when they are others.
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

/** Whether this is the command that runs. */
export function isRunning(path: string): boolean {
  return running !== null && pathOf(running) === path;
}

/**
 * The variables that chose what no option says, as the brokers: a command that is printed needs them too. Their values may be
 * secrets, and are not printed.
 * @returns "", or a part of a sentence.
 */
export function variablesToo(): string {
  const { env } = required();
  const names = SETTINGS.filter(({ flag, key }) => flag === null && CHOOSING.test(key)).flatMap(
    (setting) => variableOf(setting, env)?.name ?? [],
  );
  return names.length === 0 ? "" : `, with ${names.join(", ")} set as now`;
}

/** Settings that say where records go and how they are judged, and not how the process behaves. */
const CHOOSING = /^(?:sources$|kafka\.|mongodb\.|registry\.|contracts\.|limits\.|passed\.)/;

/**
 * A text that names commands, as they are to be called: "run `sigma audit`" becomes "run `npx sigma audit --data .data`". What
 * stands like that already stays as it is.
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

/** "audit" or "contract check": what of two words is a command. */
function knownPath(first: string, second: string | undefined): string | null {
  const group = required().root.commands.find((one) => one.name() === first);
  if (group === undefined) return null;
  if (group.commands.length === 0) return first;
  return group.commands.some((one) => one.name() === second) ? `${first} ${second}` : null;
}

/** The options that chose the target of this process, as far as the other command takes them. */
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

/** An option that stood on the command line; nothing for one that did not. */
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
