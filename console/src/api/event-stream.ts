/** An event of a stream of events. `id` is that of the last event that had one. */
export type StreamEvent = { readonly event: string; readonly id: string; readonly data: string };

/**
 * Reads a stream of events (WHATWG HTML, 9.2.6) as far as this gateway writes one: lines end with a line feed. A page cannot use
 * `EventSource`, which sends no key.
 * @param begin the id of the last event before.
 * @returns takes the next piece of text, and gives the events that are whole by now.
 */
export function createEventReader(begin = ""): (text: string) => readonly StreamEvent[] {
  let rest = "";
  let id = begin;
  return (text) => {
    const blocks = `${rest}${text}`.split("\n\n");
    rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      const fields = block.split("\n").map(fieldOf);
      const valueOf = (wanted: string): string | undefined => fields.findLast(([name]) => name === wanted)?.[1];
      id = valueOf("id") ?? id;
      const data = valueOf("data");
      return data === undefined ? [] : [{ event: valueOf("event") ?? "message", id, data }];
    });
  };
}

function fieldOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(":");
  return colon === -1 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}
