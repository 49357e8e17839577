import { pathsTo } from "../json/paths-to.ts";
import { stepsOf } from "../json/pointer.ts";

/** Matches texts and numbers, so that a digit inside a text is not taken for a number. */
const LITERAL = /"(?:[^"\\]|\\[^])*"|-?\d[\d.eE+-]*/g;

/**
 * Finds the numbers of a record that are written with a fraction or an exponent. JSON Schema treats 25.0 as an integer, but a
 * producer that writes 25.0 may send a fraction the next time.
 * @param bytes of a JSON text.
 * @returns the path to each number, outermost step first.
 */
export function writtenFractions(bytes: Buffer): readonly (readonly (string | number)[])[] {
  const offsets: number[] = [];
  // latin1 has one character for each byte, so that an index is a byte offset.
  for (const match of bytes.toString("latin1").matchAll(LITERAL)) {
    const [literal] = match;
    if (!literal.startsWith('"') && /[.eE]/.test(literal)) offsets.push(match.index);
  }
  return offsets.length === 0 ? [] : pathsTo(bytes, offsets).map(stepsOf);
}
