import { InvalidArgumentError } from "commander";
import { isDay, parseDurationMs } from "../../contract/calendar.ts";
import { parseContractName, type ContractName } from "../../contract/contract-name.ts";

/** Commander prints the sentence after its own "error: ... is invalid" and ends with the usage exit code. */
export function parseName(text: string): ContractName {
  const name = parseContractName(text);
  if (name === null) throw new InvalidArgumentError("Write shipment or shipment@1.");
  return name;
}

/** As {@link parseName}, with a version. */
export function parseVersionName(text: string): ContractName & { readonly version: number } {
  const { subject, version } = parseName(text);
  if (version === null) throw new InvalidArgumentError("Name the version too, as in shipment@1.");
  return { subject, version };
}

/** The number of a version. */
export function parseVersion(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError("Write a number from 1 on, as in --version 2.");
  return Number(text);
}

/** `30d` in milliseconds. */
export function parseWindow(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null) throw new InvalidArgumentError("Write 30d, 24h or 90m.");
  return ms;
}

/** A number of records. */
export function parseCount(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError("Write a whole number.");
  return Number(text);
}

/** A day of the calendar. */
export function parseDay(text: string): string {
  if (!isDay(text)) throw new InvalidArgumentError("Write a day as YYYY-MM-DD.");
  return text;
}
