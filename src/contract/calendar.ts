const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90m`, `24h` or `30d` in milliseconds; null when the text is none of these. */
export function parseDurationMs(text: string): number | null {
  const match = /^([1-9]\d{0,5})([mhd])$/.exec(text);
  return match === null ? null : Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS];
}

/** How long ago, in the largest whole unit: `3 d`, `2 h`, `5 min`. */
export function describeAgo(ms: number): string {
  if (ms >= UNITS_MS.d) return `${Math.floor(ms / UNITS_MS.d)} d ago`;
  if (ms >= UNITS_MS.h) return `${Math.floor(ms / UNITS_MS.h)} h ago`;
  return `${Math.max(0, Math.floor(ms / UNITS_MS.m))} min ago`;
}

/** Whether the text is an existing day, YYYY-MM-DD. Date.parse alone would accept 31 February and return 3 March. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const parsed = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(text);
}
