/** What one look at this machine, the configuration or a backend found, for `sigma doctor`. */
export type Check = {
  readonly name: string;
  readonly result: "ok" | "warn" | "fail";
  readonly message: string;
  /** Null when there is nothing to do. */
  readonly fix: string | null;
};

export function ok(name: string, message: string): Check {
  return { name, result: "ok", message, fix: null };
}

export function warn(name: string, message: string, fix: string): Check {
  return { name, result: "warn", message, fix };
}

export function fail(name: string, message: string, fix: string): Check {
  return { name, result: "fail", message, fix };
}

const CLOCK_OFF_MS = 5_000;

/** Compares two clocks. Tokens and certificates are judged by them, and people compare log lines by them. */
export function checkClock(whose: string, theirsMs: number, oursMs: number): Check {
  const seconds = (Math.abs(oursMs - theirsMs) / 1_000).toFixed(1);
  const message = `this machine's clock and that of ${whose} differ by ${seconds} s`;
  if (Math.abs(oursMs - theirsMs) <= CLOCK_OFF_MS) return ok("clock", message);
  return warn("clock", message, "let a time service (NTP) set both clocks");
}
