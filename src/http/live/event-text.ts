import { toJsonText } from "../../json/json-text.ts";

/** One event of a stream of events (WHATWG HTML, 9.2). JSON has no line break but those that it escapes. */
export function eventText(event: string, id: string | null, data: object): string {
  return `event: ${event}\n${id === null ? "" : `id: ${id}\n`}data: ${toJsonText(data)}\n\n`;
}
