import { pathsTo } from "../json/paths-to.ts";
import { stepsOf } from "../json/pointer.ts";

/** Texts and numbers, so that a digit inside a text is not taken for one. */
const LITERAL = /"(?:[^"\\]|\\[^])*"|-?\d[\d.eE+-]*/g;

/**
 * Where a record has numbers that are written with a fraction or an exponent: 25.0 is an integer to JSON Schema, and whoever
 * writes it so means a number that may have a fraction another time.
 * @param bytes of a JSON text. @returns steps from the outside in.
 */
export function writtenFractions(bytes: Buffer): readonly (readonly (string | number)[])[] {
  const offsets: number[] = [];
  // One character for each byte, so that an index is an offset.
  for (const match of bytes.toString("latin1").matchAll(LITERAL)) {
    const [literal] = match;
    if (!literal.startsWith('"') && /[.eE]/.test(literal)) offsets.push(match.index);
  }
  return offsets.length === 0 ? [] : pathsTo(bytes, offsets).map(stepsOf);
}
