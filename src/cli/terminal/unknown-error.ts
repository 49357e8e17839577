/**
 * An error that nobody expected, as it may be shown: its name and its code. Its message is left out, because it may quote what was read, as
 * that of JSON.parse does. SIGMA_DEBUG shows everything.
 */
export function describeUnknown(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && /^[A-Z][A-Z0-9_]*$/.test(code) ? `${error.name} ${code}` : error.name;
}

/** The frames of an error's stack, without its message; none where the message is not in the stack. */
export function framesOf({ stack = "", message }: Error): readonly string[] {
  const begin = stack.indexOf(message);
  return begin === -1
    ? []
    : stack
        .slice(begin + message.length)
        .split("\n")
        .slice(1);
}

/** The first place of a stack that is not Node's own: a package and a file in it, or the end of a path. */
export function placeOf(error: unknown): string {
  const frames = error instanceof Error ? framesOf(error) : [];
  const places = frames.flatMap((frame) => /^\s+at .*?((?:file:\/\/)?\/?[^\s()]+:\d+):\d+\)?$/.exec(frame)?.[1] ?? []);
  const own = places.find((place) => !place.startsWith("node:"));
  if (own === undefined) return "an unknown place";
  const [, name, path] = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(own) ?? [];
  return name === undefined ? own.split("/").slice(-3).join("/") : `${name} (${path})`;
}
