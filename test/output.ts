import { expect } from "vitest";
import { CANARIES } from "./canaries.ts";
import { faultsOf } from "./observe/lines.ts";

/**
 * What is wrong with everything that our program printed: a canary in it, or a line of the log that does not conform to its JSON Schema.
 * @param mayHold canaries that the command was asked to show.
 */
export function faultsOfOutput(text: string, mayHold: readonly string[] = []): readonly string[] {
  const seen = Object.entries(CANARIES)
    .filter(([, value]) => !mayHold.includes(value) && text.includes(value))
    .map(([name]) => `shows the canary ${name}: ${around(text, CANARIES[name as keyof typeof CANARIES])}`);
  const lines = text.split("\n").filter((line) => line.startsWith('{"level":') && line.endsWith("}"));
  return [...seen, ...lines.flatMap(faultsOf)];
}

/** Every process of a test is looked at when the test ends. */
export function expectCleanOutput(text: string): void {
  expect(faultsOfOutput(text)).toEqual([]);
}

function around(text: string, value: string): string {
  const at = text.indexOf(value);
  return text.slice(Math.max(0, at - 200), at + value.length + 100);
}
