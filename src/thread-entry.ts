/**
 * Where the code of a thread is, beside the code that begins it: sources run as they are, and what was built from them has the
 * other suffix.
 * @param from `import.meta.url` of who begins it.
 * @param path of the thread's file from there, without its suffix.
 */
export function threadEntry(from: string, path: string): URL {
  return new URL(`${path}${from.endsWith(".ts") ? ".ts" : ".js"}`, from);
}
