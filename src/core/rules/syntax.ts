import { parse, ParseError, type ASTNode } from "@marcbachmann/cel-js";
import { syntaxFault, type SyntaxFault } from "./syntax-fault.ts";

/** The position of an expression in its text: characters from `start` up to `end`, exclusive, 0-based. */
type Place = { readonly start: number; readonly end: number };

export type BinaryOperator = "||" | "&&" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "+" | "-" | "*" | "/" | "%";

/** A parsed expression. Macros are represented as calls. */
export type Expr = Place &
  (
    | { readonly kind: "literal"; readonly value: null | boolean | string }
    /** The text of the number: a double may lose digits. */
    | { readonly kind: "number"; readonly text: string }
    | { readonly kind: "bytes" }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "field"; readonly of: Expr; readonly name: string; readonly nameStart: number }
    | { readonly kind: "index"; readonly of: Expr; readonly at: Expr }
    | { readonly kind: "call"; readonly name: string; readonly target: Expr | null; readonly args: readonly Expr[] }
    | { readonly kind: "unary"; readonly operator: "!" | "-"; readonly of: Expr }
    | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: Expr; readonly right: Expr }
    | { readonly kind: "choice"; readonly condition: Expr; readonly yes: Expr; readonly no: Expr }
    | { readonly kind: "list"; readonly items: readonly Expr[] }
    | { readonly kind: "map"; readonly entries: readonly (readonly [Expr, Expr])[] }
  );

export type Call = Expr & { readonly kind: "call" };
export type Binary = Expr & { readonly kind: "binary" };

export type Parsed = { readonly ok: true; readonly expr: Expr } | { readonly ok: false; readonly fault: SyntaxFault };

/**
 * The most levels of an expression, counting each operator of a long chain: the functions that walk it recurse once for each
 * level.
 */
const DEPTH_MAX = 400;

class TooDeep extends Error {
  readonly position: number;

  constructor(position: number) {
    super(`It is nested deeper than ${DEPTH_MAX} levels`);
    this.name = "TooDeep";
    this.position = position;
  }
}

/** Parses an expression of CEL. */
export function parseExpression(text: string): Parsed {
  try {
    return { ok: true, expr: convert(parse(text).ast, text, 0) };
  } catch (error) {
    if (error instanceof TooDeep) {
      const { message, position } = error;
      return { ok: false, fault: { message, position, remedy: "Split the rule" } };
    }
    if (!(error instanceof ParseError)) throw error;
    const [said = "It does not parse"] = error.message.split("\n", 1);
    return { ok: false, fault: syntaxFault(text, said, error.range?.start ?? 0) };
  }
}

function convert(node: ASTNode, text: string, depth: number): Expr {
  if (depth > DEPTH_MAX) throw new TooDeep(node.start);
  const place: Place = { start: node.start, end: node.end };
  const inside = (part: ASTNode): Expr => convert(part, text, depth + 1);
  switch (node.op) {
    case "value":
      return literal(node.args, text.slice(node.start, node.end), place);
    case "id":
      return { ...place, kind: "name", name: node.args };
    case ".":
    case ".?":
      return { ...place, kind: "field", of: inside(node.args[0]), name: node.args[1], nameStart: node.pos };
    case "[]":
    case "[?]":
      return { ...place, kind: "index", of: inside(node.args[0]), at: inside(node.args[1]) };
    case "call":
      return { ...place, kind: "call", name: node.args[0], target: null, args: node.args[1].map(inside) };
    case "rcall":
      return {
        ...place,
        kind: "call",
        name: node.args[0],
        target: inside(node.args[1]),
        args: node.args[2].map(inside),
      };
    case "list":
      return { ...place, kind: "list", items: node.args.map(inside) };
    case "map":
      return { ...place, kind: "map", entries: node.args.map(([key, value]) => [inside(key), inside(value)] as const) };
    case "?:": {
      const [condition, yes, no] = node.args;
      return { ...place, kind: "choice", condition: inside(condition), yes: inside(yes), no: inside(no) };
    }
    case "!_":
    case "-_":
      return { ...place, kind: "unary", operator: node.op === "!_" ? "!" : "-", of: inside(node.args) };
    case "||":
    case "&&":
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "in":
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return { ...place, kind: "binary", operator: node.op, left: inside(node.args[0]), right: inside(node.args[1]) };
  }
}

function literal(value: unknown, written: string, place: Place): Expr {
  if (typeof value === "string" || typeof value === "boolean" || value === null) {
    return { ...place, kind: "literal", value };
  }
  if (value instanceof Uint8Array) return { ...place, kind: "bytes" };
  const text = written.replace(/u$/i, "");
  return { ...place, kind: "number", text: /^0x/i.test(text) ? String(BigInt(text)) : text };
}
