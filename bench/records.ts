// The records of the benchmarks that go through Kafka. Their duplicates lie far from their first, and their failures are of
// several kinds: duplicates next to their first and one kind of failure flattered the gateway by 12 %.

export type Shape = {
  /** About so many bytes a record. What a shipment lacks is text in its destination: words of random letters. */
  readonly bytes: number;
  /** Which part of the records fails, 0 to 1. */
  readonly failing: number;
  /** Which part of the records repeats an earlier one. */
  readonly repeated: number;
};

export const USUAL: Shape = { bytes: 85, failing: 0.1, repeated: 0.05 };

/** Record number `n`: always the same. */
export function recordOf(n: number, shape: Shape = USUAL): Buffer {
  const random = randomOf(n);
  const repeats = n > 0 && random() < shape.repeated;
  return Buffer.from(textOf(repeats ? Math.floor(random() * n) : n, shape));
}

const FAULTS: readonly ((shipment: string) => string)[] = [
  (shipment) => shipment.replace(/"weight_kg":/, '"weight_kg":-'),
  (shipment) => shipment.replace(/"priority":./, '"priority":7'),
  (shipment) => shipment.replace(/"shipment_id":"[^"]*",/, ""),
  (shipment) => shipment.replace(/"weight_kg":[^,]*,/, '"weight_kg":4000,"note":null,'),
  (shipment) => shipment.replace(/"weight_kg":/, '"weight_kg":9'.padEnd(16, "9")),
  (shipment) => shipment.slice(0, -1),
];

function textOf(n: number, { bytes, failing }: Shape): string {
  const random = randomOf(-1 - n);
  const fails = random() < failing;
  const fault = FAULTS[Math.floor(random() * FAULTS.length)];
  const id = String(n).padStart(8, "0");
  let destination = word(random);
  while (destination.length < bytes - 78) destination += ` ${word(random)}`;
  const weight = (random() * 900 + 0.1).toFixed(1);
  const shipment = `{"shipment_id":"SHIP-${id}","weight_kg":${weight},"destination":"${destination}","priority":${1 + Math.floor(random() * 3)}}`;
  return fails && fault !== undefined ? fault(shipment) : shipment;
}

function word(random: () => number): string {
  let text = "";
  for (let left = 3 + Math.floor(random() * 8); left > 0; left -= 1) text += String.fromCharCode(97 + random() * 26);
  return text;
}

/** Mulberry32: numbers of 0 to 1 that only look random. */
function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 0x9e37_79b9);
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
