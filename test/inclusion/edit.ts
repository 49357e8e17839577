import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { KEYWORDS } from "../../src/schema/keywords.ts";

type Pick = (count: number) => number;

/** A schema with one random edit: a keyword removed, added, replaced, or its number, list or schema changed a little. */
export function editSchema(schema: JsonObject, spare: JsonObject, pick: Pick): JsonObject {
  const copy = JSON.parse(JSON.stringify(schema)) as Record<string, JsonValue>;
  const places: Record<string, JsonValue>[] = [];
  collect(copy, places);
  const place = places[pick(places.length)] as Record<string, JsonValue>;
  const keywords = Object.keys(place).filter((keyword) => keyword !== "$defs");
  const keyword = keywords[pick(Math.max(1, keywords.length))];
  const kind = pick(5);
  if (keyword === undefined || kind === 0) Object.assign(place, spare);
  else if (kind === 1) delete place[keyword];
  else place[keyword] = changed(keyword, place[keyword] as JsonValue, spare, pick);
  return copy;
}

function changed(keyword: string, value: JsonValue, spare: JsonObject, pick: Pick): JsonValue {
  if (typeof value === "number")
    return keyword.startsWith("m") && keyword !== "minimum" && keyword !== "maximum"
      ? value + 1 + pick(2)
      : value + [1, -1, 0.5, 2][pick(4)]!;
  if (typeof value === "boolean") return value ? spare : true;
  if (Array.isArray(value)) {
    const list = [...(value as readonly JsonValue[])];
    if (list.length > 1 && pick(2) === 0) list.splice(pick(list.length), 1);
    else if (list.every((item) => typeof item === "object" && item !== null)) list.push(spare);
    else list.push(["x", 3, "number"][pick(3)]!);
    return list;
  }
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value);
    return pick(2) === 0 ? Object.fromEntries(entries.slice(1)) : { ...(value as JsonObject), ...spare };
  }
  return value;
}

/** Every object schema in the document, in the order of the text. */
function collect(value: JsonValue, places: Record<string, JsonValue>[]): void {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return;
  places.push(value as Record<string, JsonValue>);
  for (const [keyword, part] of Object.entries(value as JsonObject)) {
    const shape = KEYWORDS[keyword];
    if (shape === "schema") collect(part, places);
    else if (shape === "schemas") for (const one of part as readonly JsonValue[]) collect(one, places);
    else if (shape === "map" || shape === "pattern-map")
      for (const one of Object.values(part as JsonObject)) collect(one, places);
  }
}
