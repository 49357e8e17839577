import { DIGIT, isOf, isPercentTriplet, isPrivateUse, isUcsChar, LETTER, TEMPLATE_LITERAL } from "./characters.ts";

/**
 * `uri-template`: URI-Template of RFC 6570 section 2, of any level. The grammar includes the reserved operators
 * (`{=a}`, `{|a}`). Whether the expansion is a URI is not checked.
 */
export function isUriTemplate(text: string): boolean {
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (isOf(TEMPLATE_LITERAL, code)) {
      at++;
    } else if (code === OPENING_BRACE) {
      at = afterExpression(text, at + 1);
      if (at < 0) return false;
    } else if (code === PERCENT) {
      if (!isPercentTriplet(text, at, text.length)) return false;
      at += 3;
    } else {
      const codePoint = text.codePointAt(at) ?? 0;
      if (!isUcsChar(codePoint) && !isPrivateUse(codePoint)) return false;
      at += codePoint > 0xffff ? 2 : 1;
    }
  }
  return true;
}

const PERCENT = 0x25;
const ASTERISK = 0x2a;
const COMMA = 0x2c;
const DOT = 0x2e;
const COLON = 0x3a;
const UNDERSCORE = 0x5f;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
/** op-level2, op-level3 and op-reserve. */
const OPERATORS = "+#./;?&=,!@|";
const PREFIX_DIGITS_MAX = 4;

/** The index after `[ operator ] variable-list "}"`; -1 when there is none. */
function afterExpression(text: string, from: number): number {
  let at = from < text.length && OPERATORS.includes(text.charAt(from)) ? from + 1 : from;
  for (;;) {
    at = afterModifier(text, afterName(text, at));
    if (at < 0) return -1;
    const code = text.charCodeAt(at);
    if (code === CLOSING_BRACE) return at + 1;
    if (code !== COMMA) return -1;
    at++;
  }
}

/** The index after `varchar *( ["."] varchar )` (section 2.3); -1 when there is none. */
function afterName(text: string, from: number): number {
  let afterDot = true;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (isOf(LETTER | DIGIT, code) || code === UNDERSCORE) {
      afterDot = false;
      at++;
    } else if (code === PERCENT && isPercentTriplet(text, at, text.length)) {
      afterDot = false;
      at += 3;
    } else if (code === DOT && !afterDot) {
      afterDot = true;
      at++;
    } else {
      break;
    }
  }
  return afterDot ? -1 : at;
}

/** The index after an optional modifier: `*`, or `:` with a number of 1 to 9999 without leading zeros (section 2.4). */
function afterModifier(text: string, from: number): number {
  if (from < 0) return -1;
  const code = text.charCodeAt(from);
  if (code === ASTERISK) return from + 1;
  if (code !== COLON) return from;
  let at = from + 1;
  while (at < text.length && at <= from + PREFIX_DIGITS_MAX && isOf(DIGIT, text.charCodeAt(at))) at++;
  return at === from + 1 || text.charAt(from + 1) === "0" ? -1 : at;
}
