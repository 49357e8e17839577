import { storedChoice } from "./stored.ts";

export const ZONES = ["local", "utc", "relative"] as const;
export type Zone = (typeof ZONES)[number];
/** How times are written. */
export const zone = storedChoice("zone", ZONES);

/** A time as people read it. @param at RFC 3339; what cannot be read stays as it is. */
export function timeText(at: string, how: Zone, nowMs: number): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return at;
  if (how === "relative") return agoText(nowMs - ms);
  const date = new Date(ms);
  if (how === "utc") return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

function agoText(ms: number): string {
  const [name, unit] = UNITS.find(([, size]) => Math.abs(ms) >= size) ?? ["s", 1_000];
  const count = Math.round(Math.abs(ms) / unit);
  return ms >= 0 ? `${count} ${name} ago` : `in ${count} ${name}`;
}
