import { must, type Conjunction, type Literal } from "./conjunction.ts";
import { gapAt, type Gap, type TypedQuestion } from "./gap.ts";
import { madeFor, memberOf, nodesInList, nodeUnder, numberUnder, type SchemaNode } from "./schema-node.ts";

/** The limits that a conjunction sets for arrays. */
export type ArrayLimits = {
  readonly least: number;
  readonly most: number;
  /** The number of leading positions for which some schema has a `prefixItems` entry. */
  readonly prefix: number;
  readonly unique: boolean;
};

export function arrayLimits(known: Conjunction): ArrayLimits {
  const { positives } = known;
  const prefix = Math.max(0, ...positives.map((node) => nodesInList(node, "prefixItems").length));
  const limits = positives.map((node) => Math.min(numberUnder(node, "maxItems") ?? Infinity, closedAfter(node)));
  const contained = positives.map((node) => (nodeUnder(node, "contains") === null ? 0 : leastContained(node)));
  return {
    least: Math.max(0, ...contained, ...positives.map((node) => numberUnder(node, "minItems") ?? 0)),
    most: Math.min(...limits),
    prefix,
    unique: positives.some((node) => memberOf(node, "uniqueItems") === true),
  };
}

/** The most items that `items: false` allows: the length of the prefix. */
function closedAfter(node: SchemaNode): number {
  return memberOf(node, "items") === false ? nodesInList(node, "prefixItems").length : Infinity;
}

function leastContained(node: SchemaNode): number {
  return numberUnder(node, "minContains") ?? 1;
}

/** The literals that hold for the item at an index, if the array has one. */
export function itemAt({ positives }: Conjunction, index: number): readonly Literal[] {
  return positives
    .map((node) => schemaAt(node, index))
    .filter((part) => part !== null)
    .map(must);
}

function schemaAt(node: SchemaNode, index: number): SchemaNode | null {
  return nodesInList(node, "prefixItems")[index] ?? nodeUnder(node, "items");
}

/** Proves that every array which satisfies the known literals satisfies one keyword of the goal. */
export function proveArrayKeyword(question: TypedQuestion, keyword: string): readonly Gap[] {
  const { goal, known } = question;
  const facts = arrayLimits(known);
  switch (keyword) {
    case "minItems":
      return facts.least >= (numberUnder(goal, keyword) ?? Infinity)
        ? []
        : [gapAt(goal, "there may be fewer items", keyword)];
    case "maxItems":
      return facts.most <= (numberUnder(goal, keyword) ?? -1) ? [] : [gapAt(goal, "there may be more items", keyword)];
    case "uniqueItems": {
      const holds = facts.unique || facts.most <= 1 || memberOf(goal, keyword) === false;
      return holds ? [] : [gapAt(goal, "items may repeat", keyword)];
    }
    case "unevaluatedItems":
      return [gapAt(goal, "what is left of the items is not shown to fit", keyword)];
    case "contains":
      return proveContains(question, facts);
    default:
      return proveItems(question, facts);
  }
}

function proveItems({ goal, known, askPart }: TypedQuestion, facts: ArrayLimits): readonly Gap[] {
  const asked = Math.max(facts.prefix, nodesInList(goal, "prefixItems").length);
  const gaps: Gap[] = [];
  // The index after every prefix stands for all later ones.
  for (let index = 0; index <= asked && index < facts.most; index += 1) {
    const part = schemaAt(goal, index);
    if (part !== null) gaps.push(...askPart(itemAt(known, index), part));
  }
  return gaps;
}

function proveContains(question: TypedQuestion, facts: ArrayLimits): readonly Gap[] {
  const { goal, known } = question;
  const asked = nodeUnder(goal, "contains");
  if (asked === null) return [];
  const least = leastContained(goal);
  const most = numberUnder(goal, "maxContains") ?? Infinity;
  const gaps: Gap[] = [];
  if (!containsAtLeast(question, asked, least, facts))
    gaps.push(gapAt(goal, `fewer than ${least} items may fit`, "contains"));
  if (facts.most > most && !containsAtMost(question, asked, most, known, facts))
    gaps.push(gapAt(goal, `more than ${most} items may fit`, "maxContains"));
  return gaps;
}

function containsAtLeast(
  { known, askPart }: TypedQuestion,
  asked: SchemaNode,
  least: number,
  facts: ArrayLimits,
): boolean {
  if (least <= 0) return true;
  const similar = known.positives.some((node) => {
    const part = nodeUnder(node, "contains");
    return part !== null && leastContained(node) >= least && askPart([must(part)], asked).length === 0;
  });
  if (similar) return true;
  if (facts.least < least) return false;
  let fitting = 0;
  for (let index = 0; index < facts.least && fitting < least && index <= facts.prefix; index += 1) {
    if (askPart(itemAt(known, index), asked).length > 0) continue;
    // After every prefix the same literals hold for all items.
    fitting += index < facts.prefix ? 1 : facts.least - index;
  }
  return fitting >= least;
}

function containsAtMost(
  { askPart }: TypedQuestion,
  asked: SchemaNode,
  most: number,
  known: Conjunction,
  facts: ArrayLimits,
): boolean {
  const similar = known.positives.some((node) => {
    const part = nodeUnder(node, "contains");
    const limit = numberUnder(node, "maxContains");
    return part !== null && limit !== null && limit <= most && askPart([must(asked)], part).length === 0;
  });
  if (similar) return true;
  const impossible = madeFor(asked, false);
  for (let index = 0; index <= facts.prefix && index < facts.most; index += 1) {
    if (askPart([...itemAt(known, index), must(asked)], impossible).length > 0) return false;
  }
  return true;
}

/** Proves that no array satisfies the known literals. */
export function noArrayIn({ known, goal, askPart }: TypedQuestion): boolean {
  const facts = arrayLimits(known);
  if (facts.least > facts.most) return true;
  const impossible = madeFor(goal, false);
  for (let index = 0; index < facts.least && index <= facts.prefix; index += 1) {
    const item = itemAt(known, index);
    if (item.length > 0 && askPart(item, impossible).length === 0) return true;
  }
  return known.positives.some((node) => {
    const part = nodeUnder(node, "contains");
    if (part === null || leastContained(node) <= 0) return false;
    for (let index = 0; index <= facts.prefix && index < facts.most; index += 1)
      if (askPart([...itemAt(known, index), must(part)], impossible).length > 0) return false;
    return true;
  });
}
