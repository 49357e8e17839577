import type { JsonValue } from "../json/json.ts";
import { arrayLimits, itemAt } from "./array-inclusion.ts";
import { boundaryNumbers, boundaryTexts, listedIn } from "./boundary-values.ts";
import { must, takeApart, type Choice, type Conjunction, type Literal } from "./conjunction.ts";
import { isSpent, spend } from "./effort.ts";
import { accepts, typeOfValue, type JsonType } from "./evaluate.ts";
import { typesOf } from "./proof.ts";
import { namesIn, objectLimits, valueUnder } from "./object-limits.ts";
import { textOutside } from "./string-limits.ts";
import { isList, memberOf, nodesByName, nodeUnder, numberUnder, type Shared } from "./schema-node.ts";
import type { Pick } from "./seeded-pick.ts";

/** Below this depth only required parts are made. */
const DEPTH_FREE = 4;
/** Below this depth nothing is made: the schema may require endless nesting. */
const DEPTH_MAX = 24;
/** The most choices that are decided for one value. */
const CHOICES_MAX = 24;
/** The most negative choices that are decided one by one. */
const REFUSALS_MAX = 6;
const ITEMS_MAX = 300;
/** The most parts of one sample: large samples find no more than small ones. */
const PARTS_MAX = 400;
/** Steps for each part that is made. */
const PART_COST = 10;

/**
 * Makes a value that the `wanted` literals probably accept, preferring values near the bounds of the `doubted` literals.
 * Undefined when this attempt failed. The value is a guess, directed and seeded: the caller must check it.
 */
export function sampleValue(
  wanted: readonly Literal[],
  doubted: readonly Literal[],
  pick: Pick,
): JsonValue | undefined {
  const shared = (wanted[0] ?? doubted[0])?.node.document.shared;
  if (shared === undefined) return undefined;
  return sampleInside(wanted, doubted, { pick, depth: 0, room: { left: PARTS_MAX }, shared });
}

/** The state of making one value: its depth, and the number of parts that the whole sample may still get. */
type Inside = {
  readonly pick: Pick;
  readonly depth: number;
  readonly room: { left: number };
  readonly shared: Shared;
};

function sampleInside(wanted: readonly Literal[], doubted: readonly Literal[], inside: Inside): JsonValue | undefined {
  const { pick, depth, room, shared } = inside;
  room.left -= 1;
  if (depth > DEPTH_MAX || room.left < 0 || !spend(shared.effort, PART_COST)) return undefined;
  const doubt = decide(doubted, pick);
  // In half of the samples a branch of the other side is required too: this finds overlaps and conditions.
  const entered = doubt.entered.length > 0 && pick(2) === 0 ? doubt.entered : [];
  const literals = [...wanted, ...entered];
  const known = decide(literals, pick).known;
  if (known.impossible) return undefined;
  const fits = (value: JsonValue): boolean =>
    !isSpent(shared.effort) && wanted.every(({ node, positive }) => accepts(node, value) === positive);
  const types = typesOf(known).filter((type) => isListedType(known, type));
  const type = chooseType(types, typesOf(doubt.known), pick);
  if (type === undefined) return undefined;
  const listed = [...listedIn(known), ...(pick(2) === 0 ? listedIn(doubt.known) : [])];
  const fitting = listed.filter((value) => typeOfValue(value) === type && fits(value));
  if (fitting.length > 0) return pickListed(fitting, doubted, pick);
  return ofType(type, { ...inside, known, doubt: doubt.known, fits });
}

/** Whether a listed value has this type; true when no values are listed. */
function isListedType({ positives }: Conjunction, type: JsonType): boolean {
  return positives.every((node) => {
    const members = memberOf(node, "enum");
    if (isList(members)) return members.some((value) => typeOfValue(value) === type);
    const only = memberOf(node, "const");
    return only === undefined || typeOfValue(only) === type;
  });
}

/**
 * In half of the cases picks a value that the other side does not accept, which is unlikely to be picked by chance among
 * thousands.
 */
function pickListed(values: readonly JsonValue[], doubted: readonly Literal[], pick: Pick): JsonValue | undefined {
  const odd =
    values.length > 1 && pick(2) === 0
      ? values.filter((value) => doubted.some(({ node, positive }) => accepts(node, value) !== positive))
      : [];
  return oneOf(odd.length > 0 ? odd : values, pick);
}

type Making = Inside & {
  readonly known: Conjunction;
  readonly doubt: Conjunction;
  readonly fits: (value: JsonValue) => boolean;
};

/** Chooses an alternative of every choice at random. */
function decide(
  literals: readonly Literal[],
  pick: Pick,
): { readonly known: Conjunction; readonly entered: readonly Literal[] } {
  const settled = new Set<string>();
  const entered: Literal[] = [];
  let known = takeApart(literals, settled);
  for (let count = 0; count < CHOICES_MAX; count += 1) {
    const choice = nextChoice(known.choices);
    if (choice === undefined || known.impossible) break;
    settled.add(choice.key);
    entered.push(...choice.alternative(pick(choice.count)));
    known = takeApart([...literals, ...entered], settled);
  }
  return { known, entered };
}

/**
 * Positive choices come first. When there are many negative choices they stay undecided: random alternatives for all of them
 * contradict each other sooner or later, and a value made without them usually satisfies them anyway.
 */
function nextChoice(choices: readonly Choice[]): Choice | undefined {
  const positive = choices.find(({ key }) => !key.startsWith("not "));
  return positive ?? (choices.length <= REFUSALS_MAX ? choices[0] : undefined);
}

function chooseType(types: readonly JsonType[], expected: readonly JsonType[], pick: Pick): JsonType | undefined {
  const surprising = types.filter((type) => !expected.includes(type));
  if (surprising.length > 0 && pick(3) === 0) return surprising[pick(surprising.length)];
  const usual = types.filter((type) => expected.includes(type));
  // When all types are allowed, objects and arrays are preferred, since most differences are inside them.
  const from = usual.length > 0 ? usual : types;
  const roomy = from.filter((type) => type === "object" || type === "array");
  return roomy.length > 0 && pick(2) === 0 ? roomy[pick(roomy.length)] : from[pick(from.length)];
}

function ofType(type: JsonType, making: Making): JsonValue | undefined {
  const { known, doubt, fits, pick } = making;
  switch (type) {
    case "null":
      return null;
    case "boolean":
      return pick(2) === 0;
    case "number":
      return oneOf(boundaryNumbers(known, doubt, pick).filter(fits), pick);
    case "string":
      return oneOf(boundaryTexts(known, doubt, making.shared, pick).filter(fits), pick);
    case "array":
      return makeArray(making);
    case "object":
      return makeObject(making);
  }
}

function oneOf<T>(values: readonly T[], pick: Pick): T | undefined {
  return values[pick(values.length)];
}

function makeArray(making: Making): JsonValue | undefined {
  const { known, doubt, pick, depth } = making;
  const [facts, hints] = [arrayLimits(known), arrayLimits(doubt)];
  const most = Math.min(facts.most, ITEMS_MAX);
  const limits = [...known.positives, ...doubt.positives].map((node) => numberUnder(node, "maxContains") ?? 0);
  const near = [
    ...limits.map((limit) => limit + 1),
    facts.least,
    facts.least + 1,
    0,
    1,
    2,
    hints.least - 1,
    hints.most + 1,
    facts.most,
    hints.prefix,
  ];
  const lengths = near.filter((length) => length >= facts.least && length <= most);
  const length = depth > DEPTH_FREE ? facts.least : (oneOf(lengths, pick) ?? facts.least);
  if (length > ITEMS_MAX) return undefined;
  // `contains` is applied to all items: that of one side, of the other, of both or of neither.
  const contained = [...(pick(3) === 0 ? [] : containedIn(known)), ...(pick(3) === 0 ? containedIn(doubt) : [])];
  const items: JsonValue[] = [];
  for (let index = 0; index < length; index += 1) {
    const item = makeItem(making, index, contained);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function containedIn({ positives }: Conjunction): readonly Literal[] {
  return positives
    .map((node) => nodeUnder(node, "contains"))
    .filter((node) => node !== null)
    .map(must);
}

function makeItem(
  { known, doubt, pick, depth, room, shared }: Making,
  index: number,
  contained: readonly Literal[],
): JsonValue | undefined {
  const [here, hints] = [itemAt(known, index), itemAt(doubt, index)];
  const inside = { pick, depth: depth + 1, room, shared };
  const made = contained.length === 0 ? undefined : sampleInside([...here, ...contained], hints, inside);
  return made ?? sampleInside(here, hints, inside);
}

function makeObject({ known, doubt, pick, depth, room, shared }: Making): JsonValue | undefined {
  const [facts, hints] = [objectLimits(known), objectLimits(doubt)];
  const names = new Set<string>(facts.required);
  const optional = new Set([
    ...facts.names,
    ...hints.names,
    ...doubt.positives.flatMap(namesIn),
    ...freshNames(known, doubt, shared, pick),
  ]);
  const free = depth <= DEPTH_FREE;
  const plenty = pick(4);
  for (const name of free ? optional : []) if (names.size < facts.most && pick(4) < plenty) names.add(name);
  // In a third of the cases there are more properties than the other side allows.
  const wanted = free && pick(3) === 0 && hints.most < facts.most ? hints.most + 1 : 0;
  const enough = Math.min(Math.max(facts.least, wanted), ITEMS_MAX);
  for (const name of optional) if (names.size < enough) names.add(name);
  for (let count = 0; names.size < enough && count < ITEMS_MAX; count += 1) names.add(`extra${count}`);
  const made: Record<string, JsonValue> = {};
  for (const name of names) {
    if (isSpent(shared.effort)) return undefined;
    const inside = { pick, depth: depth + 1, room, shared };
    const value = sampleInside(valueUnder(known, name), valueUnder(doubt, name), inside);
    if (value !== undefined) made[name] = value;
    else if (facts.required.has(name)) return undefined;
  }
  return made;
}

/** Names that no schema mentions: one ordinary name, and one for each pattern that distinguishes names. */
function freshNames(known: Conjunction, doubt: Conjunction, shared: Shared, pick: Pick): readonly string[] {
  const names = ["extra"];
  for (const node of [...known.positives, ...doubt.positives]) {
    for (const pattern of nodesByName(node, "patternProperties").keys()) {
      const text = textOutside({ least: 1, most: 40, patterns: [pattern], refused: [] }, null, shared, pick);
      if (text.kind === "text") names.push(text.text);
    }
  }
  for (const node of doubt.positives) {
    const pattern = memberOf(nodeUnder(node, "propertyNames") ?? node, "pattern");
    const said = known.positives.map((one) => nodeUnder(one, "propertyNames")).filter((one) => one !== null);
    if (typeof pattern !== "string") continue;
    const patterns = said.map((one) => memberOf(one, "pattern")).filter((one) => typeof one === "string");
    const text = textOutside({ least: 1, most: 40, patterns, refused: [] }, pattern, shared, pick);
    if (text.kind === "text") names.push(text.text);
  }
  return names;
}
