import { describe, expect, test } from "vitest";
import { parseExpression } from "../../../src/core/rules/syntax.ts";

describe("an expression that does not parse", () => {
  test.each([
    ["", 0, "It is empty", "true or false"],
    ["a >", 3, "It ends too early: a value is missing", "Complete"],
    ["(a", 2, 'It ends too early: ")" is missing', "Complete"],
    ["a = 1", 2, 'Unexpected "="', "Write == to compare"],
    ["a === 1", 4, 'Unexpected "="', "Write == to compare"],
    ["a > 1 and b > 2", 6, 'Unexpected "and"', "Write && for and"],
    ["a > 1 or b > 2", 6, 'Unexpected "or"', "Write || for or"],
    ["not a", 4, 'Unexpected "a"', "Write !"],
    ["a > 1 & b", 6, 'Unexpected "&"', "Write && for and"],
    ["a <> b", 2, "<> is no operator", "Write !="],
    ["a > 1;", 5, 'Unexpected ";"', "Leave the ; out"],
    ["x in (1, 2)", 7, 'Unexpected ","', "square brackets"],
    ["a > .5", 4, 'Unexpected "."', "as in 0.5"],
    ["a > 1,000", 5, 'Unexpected ","', "without separators"],
    ["“x” == a", 0, 'Unexpected "“"', "straight quotes"],
    ["größe > 1", 2, 'Unexpected "ö"', 'payload["größe"]'],
    ['a matches "x"', 2, 'Unexpected "matches"', "with a point"],
    ["package > 1", 0, "package is a reserved word", "payload.package"],
    ["xs.map(1, 2)", 7, "A name for the item is missing", "list.all(x, x > 0)"],
    ["a > 1e400", 4, "larger than any double", "a payload can hold"],
    ["a ?? b", 3, 'Unexpected "?"', "has(payload.name)"],
  ])("%j is told at %d: %s", (expression, position, message, remedy) => {
    expect(parseExpression(expression)).toMatchObject({
      ok: false,
      fault: {
        position,
        message: expect.stringContaining(message) as string,
        remedy: expect.stringContaining(remedy) as string,
      },
    });
  });
});
