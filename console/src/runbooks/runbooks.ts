/** The runbooks of docs/runbooks, by name. Each is fetched when it is opened. */
const FILES = import.meta.glob<string>("../../../docs/runbooks/*.md", { query: "?raw", import: "default" });

/** The text of a runbook; null when there is none of that name. */
export async function readRunbook(name: string): Promise<string | null> {
  const load = FILES[`../../../docs/runbooks/${name}.md`];
  return load === undefined ? null : load();
}
