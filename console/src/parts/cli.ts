import { quoted } from "./copy.tsx";

/** A command with filters as its options. @param leftOut filters that the command has no option for. */
export function cliWith(
  command: string,
  query: Readonly<Record<string, string>>,
  leftOut: readonly string[] = [],
): string {
  const options = Object.entries(query)
    .filter(([name, value]) => value !== "" && !leftOut.includes(name))
    .map(([name, value]) => `--${name} ${quoted(value)}`);
  return [command, ...options].join(" ");
}
