import { InvalidArgumentError } from "commander";
import { isDay, parseDurationMs } from "../../contract/calendar.ts";
import { parseContractName, type ContractName } from "../../contract/contract-name.ts";

/**
 * Parses a contract name. Commander prints the error's message after its own "error: ... is invalid" and exits with the
 * usage code.
 */
export function parseName(text: string): ContractName {
  const name = parseContractName(text);
  if (name === null) throw new InvalidArgumentError("Write shipment or shipment@1.");
  return name;
}

/** As {@link parseName}, but a version is required. */
export function parseVersionName(text: string): ContractName & { readonly version: number } {
  const { subject, version } = parseName(text);
  if (version === null) throw new InvalidArgumentError("Name the version too, as in shipment@1.");
  return { subject, version };
}

/** Parses a version number. */
export function parseVersion(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError("Write a number from 1 on, as in --version 2.");
  return Number(text);
}

/** Parses a duration such as `30d`; returns milliseconds. */
export function parseWindow(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null) throw new InvalidArgumentError("Write 30d, 24h or 90m.");
  return ms;
}

/** Parses a number of records. */
export function parseCount(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError("Write a whole number.");
  return Number(text);
}

/** Parses a number of things of which there is at least one. */
export function parsePositive(text: string): number {
  const count = parseCount(text);
  if (count === 0) throw new InvalidArgumentError("Write a whole number from 1 on.");
  return count;
}

/** Parses a number of threads. */
export function parseThreads(text: string): number {
  const count = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > 64) throw new InvalidArgumentError("Write a number from 1 to 64.");
  return count;
}

/** Parses a calendar day. */
export function parseDay(text: string): string {
  if (!isDay(text)) throw new InvalidArgumentError("Write a day as YYYY-MM-DD.");
  return text;
}
