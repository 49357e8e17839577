import { InvalidArgumentError } from "commander";

/** Parses whole numbers from 1 on, separated by commas. */
export function parseCounts(text: string): readonly number[] {
  if (!/^[1-9][0-9]{0,4}(,[1-9][0-9]{0,4}){0,15}$/.test(text))
    throw new InvalidArgumentError("Write whole numbers from 1 on, at most 16, as in 1,2,4.");
  return text.split(",").map(Number);
}

/** Parses a percentage; returns a part, 0 to 1. */
export function parsePart(text: string): number {
  const percent = Number(text);
  if (!/^[0-9]{1,3}(\.[0-9]{1,6})?$/.test(text) || percent > 100)
    throw new InvalidArgumentError("Write a percentage from 0 to 100.");
  return percent / 100;
}
