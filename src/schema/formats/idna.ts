import { characterOf } from "./idna-characters.ts";
import { type IdnaCharacter } from "./idna-properties.ts";
import { decodePunycode, encodePunycode } from "./punycode.ts";

/** Whether a lower-case label has the prefix of an A-label. */
export function isAceLabel(label: string): boolean {
  return label.startsWith(ACE_PREFIX);
}

/**
 * Whether labels form an internationalized name by IDNA2008: each is plain (letters, digits, inner hyphens), an A-label (`xn--`, RFC 5890
 * section 2.3.2.1) or a U-label (RFC 5891 section 4.2), within the lengths that their ASCII forms may have, and together
 * they keep the Bidi rule (RFC 5893).
 * @param labels lower case, in NFC
 */
export function areIdnaLabels(labels: readonly string[]): boolean {
  let size = labels.length - 1;
  const characters: (readonly IdnaCharacter[])[] = [];
  for (const label of labels) {
    const read = readLabel(label);
    if (read === null) return false;
    size += read.size;
    if (size > NAME_MAX) return false;
    characters.push(read.characters);
  }
  return !characters.some(isRightToLeft) || characters.every(keepsBidiRule);
}

const NAME_MAX = 253;
const LABEL_MAX = 63;
const ACE_PREFIX = "xn--";
const HYPHEN = 0x2d;
const ZERO_WIDTH_NON_JOINER = 0x200c;
const ZERO_WIDTH_JOINER = 0x200d;
const MIDDLE_DOT = 0xb7;
const GREEK_KERAIA = 0x375;
const HEBREW_GERESH = 0x5f3;
const HEBREW_GERSHAYIM = 0x5f4;
const KATAKANA_MIDDLE_DOT = 0x30fb;
const SMALL_L = 0x6c;

/** A label's characters, and the length of its ASCII form. */
type LabelReading = { readonly characters: readonly IdnaCharacter[]; readonly size: number };

function readLabel(label: string): LabelReading | null {
  // Twice the limit, since a code point may take two units.
  if (label.length === 0 || label.length > 2 * LABEL_MAX) return null;
  if (isAceLabel(label)) {
    const encoded = label.slice(ACE_PREFIX.length);
    const decoded = label.length > LABEL_MAX ? null : decodePunycode(encoded);
    // Some texts decode although no label encodes to them (RFC 5891 section 5.4).
    if (decoded === null || encodePunycode(decoded, LABEL_MAX) !== encoded) return null;
    return readUnicodeLabel(decoded, label.length);
  }
  const codePoints = Array.from(label, (character) => character.codePointAt(0) ?? 0);
  if (codePoints.every((one) => one < 0x80)) return readPlainLabel(codePoints);
  const encoded = encodePunycode(codePoints, LABEL_MAX - ACE_PREFIX.length);
  return encoded === null ? null : readUnicodeLabel(codePoints, ACE_PREFIX.length + encoded.length);
}

function readPlainLabel(codePoints: readonly number[]): LabelReading | null {
  if (codePoints.length > LABEL_MAX || !hasPlacedHyphens(codePoints)) return null;
  const characters = charactersOf(codePoints);
  return characters === null ? null : { characters, size: codePoints.length };
}

/** Reads a U-label (RFC 5891 section 4.2); a decoded A-label must have a character beyond ASCII too. */
function readUnicodeLabel(codePoints: readonly number[], size: number): LabelReading | null {
  if (codePoints.every((one) => one < 0x80) || !hasPlacedHyphens(codePoints)) return null;
  const characters = charactersOf(codePoints);
  if (characters === null || characters[0]?.mark !== false) return null;
  const text = String.fromCodePoint(...codePoints);
  if (text.normalize("NFC") !== text) return null;
  const inContext = characters.every((one, at) => !one.contextual || fitsContext(codePoints, characters, at));
  return inContext ? { characters, size } : null;
}

/**
 * Whether hyphens are allowed where they are: not at either end, and not in both the third and fourth place. A U-label
 * has none there (RFC 5891 section 4.2.3.1), and a plain label in the same name has none either (NR-LDH, RFC 5890
 * section 2.3.2.3).
 */
function hasPlacedHyphens(codePoints: readonly number[]): boolean {
  if (codePoints[0] === HYPHEN || codePoints.at(-1) === HYPHEN) return false;
  return codePoints[2] !== HYPHEN || codePoints[3] !== HYPHEN;
}

/** The properties of each code point; null if one of them is not allowed in names (RFC 5892). */
function charactersOf(codePoints: readonly number[]): readonly IdnaCharacter[] | null {
  const characters: IdnaCharacter[] = [];
  for (const codePoint of codePoints) {
    const character = characterOf(codePoint);
    if (character === null) return null;
    characters.push(character);
  }
  return characters;
}

/** Checks the contextual rules of RFC 5892 appendix A for the code point at `at`. */
function fitsContext(codePoints: readonly number[], characters: readonly IdnaCharacter[], at: number): boolean {
  switch (codePoints[at] ?? 0) {
    case ZERO_WIDTH_NON_JOINER:
      return characters[at - 1]?.virama === true || isBetweenJoined(characters, at);
    case ZERO_WIDTH_JOINER:
      return characters[at - 1]?.virama === true;
    case MIDDLE_DOT:
      return codePoints[at - 1] === SMALL_L && codePoints[at + 1] === SMALL_L;
    case GREEK_KERAIA:
      return characters[at + 1]?.script === "Greek";
    case HEBREW_GERESH:
    case HEBREW_GERSHAYIM:
      return characters[at - 1]?.script === "Hebrew";
    case KATAKANA_MIDDLE_DOT:
      return characters.some(({ script }) => script === "Hiragana, Katakana or Han");
    default:
      // Only the two kinds of Arabic digits remain, which must not be mixed.
      return !(codePoints.some(isArabicIndicDigit) && codePoints.some(isExtendedArabicIndicDigit));
  }
}

/**
 * Checks appendix A.1: a letter that joins to the right before, one that joins to the left after, and only transparent
 * ones between.
 */
function isBetweenJoined(characters: readonly IdnaCharacter[], at: number): boolean {
  const before = characters.slice(0, at).findLast(({ joining }) => joining !== "T")?.joining;
  const behind = characters.slice(at + 1).find(({ joining }) => joining !== "T")?.joining;
  return (before === "L" || before === "D") && (behind === "R" || behind === "D");
}

function isArabicIndicDigit(codePoint: number): boolean {
  return codePoint >= 0x660 && codePoint <= 0x669;
}

function isExtendedArabicIndicDigit(codePoint: number): boolean {
  return codePoint >= 0x6f0 && codePoint <= 0x6f9;
}

/** Whether a label makes its name a "Bidi domain name" (RFC 5893 section 1.4). */
function isRightToLeft(characters: readonly IdnaCharacter[]): boolean {
  return characters.some(({ bidi }) => bidi === "R" || bidi === "AL" || bidi === "AN");
}

/** Checks the six conditions of RFC 5893 section 2. */
function keepsBidiRule(characters: readonly IdnaCharacter[]): boolean {
  const kinds = characters.map(({ bidi }) => bidi);
  const first = kinds[0];
  const last = kinds.findLast((kind) => kind !== "NSM");
  if (first === "L") {
    return kinds.every((kind) => kind !== "R" && kind !== "AL" && kind !== "AN") && (last === "L" || last === "EN");
  }
  if (first !== "R" && first !== "AL") return false;
  if (kinds.includes("L") || (kinds.includes("EN") && kinds.includes("AN"))) return false;
  return last === "R" || last === "AL" || last === "EN" || last === "AN";
}
