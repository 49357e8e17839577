/** The result of one check of `sigma doctor`: of this machine, the configuration or a backend. */
export type Check = {
  readonly name: string;
  readonly result: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do; null when there is nothing. */
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

/** Compares two clocks, on which the validity of tokens and certificates and the comparison of logs depend. */
export function checkClock(whose: string, theirsMs: number, oursMs: number): Check {
  const seconds = (Math.abs(oursMs - theirsMs) / 1_000).toFixed(1);
  const message = `this machine's clock and that of ${whose} differ by ${seconds} s`;
  if (Math.abs(oursMs - theirsMs) <= CLOCK_OFF_MS) return ok("clock", message);
  return warn("clock", message, "let a time service (NTP) set both clocks");
}
