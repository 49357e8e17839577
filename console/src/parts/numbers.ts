const GROUPED = new Intl.NumberFormat("en-US");

/** 1234567 as 1,234,567. */
export function grouped(number: number): string {
  return GROUPED.format(number);
}

/** A number with a noun: `1 record`, `2 records`. */
export function counted(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** Records a second. Few are not said to be none. */
export function perSecond(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : grouped(Math.round(rate));
}
