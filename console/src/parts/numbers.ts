const GROUPED = new Intl.NumberFormat("en-US");

/** 1234567 as 1,234,567. */
export function grouped(number: number): string {
  return GROUPED.format(number);
}

/** A number with a noun: `1 record`, `2 records`. */
export function counted(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}
