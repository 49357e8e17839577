/**
 * Decodes the part of a label after `xn--` to its code points (RFC 3492 section 6.2); null if it is invalid.
 * @param encoded at most 63 lower-case letters, digits and hyphens
 */
export function decodePunycode(encoded: string): number[] | null {
  const delimiterAt = encoded.lastIndexOf("-");
  const output = Array.from(encoded.slice(0, Math.max(delimiterAt, 0)), (character) => character.charCodeAt(0));
  let codePoint = INITIAL_N;
  let bias = INITIAL_BIAS;
  let position = 0;
  let at = delimiterAt + 1;
  while (at < encoded.length) {
    const before = position;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(encoded.charCodeAt(at));
      if (digit < 0) return null;
      at++;
      position += digit * weight;
      // The limit is 31 bits, as in the reference code, far below where doubles lose integers.
      if (position > INTEGER_MAX) return null;
      const threshold = thresholdAt(k, bias);
      if (digit < threshold) break;
      weight *= BASE - threshold;
      if (weight > INTEGER_MAX) return null;
    }
    const size = output.length + 1;
    bias = adapt(position - before, size, before === 0);
    codePoint += Math.floor(position / size);
    if (codePoint > 0x10ffff) return null;
    position %= size;
    output.splice(position, 0, codePoint);
    position++;
  }
  return output;
}

/**
 * Encodes a label to the part after `xn--` (RFC 3492 section 6.3); null if it is longer than `sizeMax` characters. The
 * time is the number of code points times that of distinct ones: limit both.
 */
export function encodePunycode(codePoints: readonly number[], sizeMax: number): string | null {
  // Each code point takes at least one character.
  if (codePoints.length > sizeMax) return null;
  const basic = codePoints.filter((one) => one < INITIAL_N);
  let output = basic.length === 0 ? "" : `${String.fromCharCode(...basic)}-`;
  let codePoint = INITIAL_N;
  let bias = INITIAL_BIAS;
  let delta = 0;
  let handled = basic.length;
  while (handled < codePoints.length) {
    const next = Math.min(...codePoints.filter((one) => one >= codePoint));
    delta += (next - codePoint) * (handled + 1);
    codePoint = next;
    for (const one of codePoints) {
      if (one < codePoint) delta++;
      if (one !== codePoint) continue;
      output += variableLength(delta, bias);
      bias = adapt(delta, handled + 1, handled === basic.length);
      delta = 0;
      handled++;
    }
    if (output.length > sizeMax) return null;
    delta++;
    codePoint++;
  }
  return output.length > sizeMax ? null : output;
}

const BASE = 36;
const THRESHOLD_MIN = 1;
const THRESHOLD_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_N = 0x80;
const INTEGER_MAX = 0x7fff_ffff;

/** The value of a digit: a to z are 0 to 25, 0 to 9 are 26 to 35; -1 for any other character. */
function digitOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return code - 0x61;
  return code >= 0x30 && code <= 0x39 ? code - 0x30 + 26 : -1;
}

function thresholdAt(k: number, bias: number): number {
  return Math.min(Math.max(k - bias, THRESHOLD_MIN), THRESHOLD_MAX);
}

function variableLength(delta: number, bias: number): string {
  let written = "";
  let rest = delta;
  for (let k = BASE; ; k += BASE) {
    const threshold = thresholdAt(k, bias);
    if (rest < threshold) return written + digitCharacter(rest);
    written += digitCharacter(threshold + ((rest - threshold) % (BASE - threshold)));
    rest = Math.floor((rest - threshold) / (BASE - threshold));
  }
}

function digitCharacter(digit: number): string {
  return String.fromCharCode(digit < 26 ? digit + 0x61 : digit - 26 + 0x30);
}

function adapt(delta: number, size: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? DAMP : 2));
  rest += Math.floor(rest / size);
  let k = 0;
  for (; rest > ((BASE - THRESHOLD_MIN) * THRESHOLD_MAX) / 2; k += BASE)
    rest = Math.floor(rest / (BASE - THRESHOLD_MIN));
  return k + Math.floor(((BASE - THRESHOLD_MIN + 1) * rest) / (rest + SKEW));
}
