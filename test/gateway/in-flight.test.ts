import { expect, test } from "vitest";
import { createInFlight, type Held } from "../../src/gateway/in-flight.ts";

/** A bound, and who has entered so far. */
function bounded(bytesMax: number, firstBytes = 10) {
  const inFlight = createInFlight(bytesMax, firstBytes);
  const entered: string[] = [];
  const enter = async (stream: string, signal = new AbortController().signal): Promise<Held> => {
    const held = await inFlight.enter(stream, signal);
    entered.push(stream);
    return held;
  };
  return { entered, enter, bytes: inFlight.bytes };
}

/** Turns begin in microtasks alone: when the next task of the loop runs, whatever may begin has begun. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("streams fetch while what they fetched last fits below the bound, and others when something is settled", async () => {
  const { entered, enter } = bounded(25);
  const [a, b] = [await enter("a"), await enter("b")];
  const c = enter("c");
  await settled();
  expect(entered).toEqual(["a", "b"]);
  a.brought(20);
  b.brought(3);
  await settled();
  expect(entered).toEqual(["a", "b"]);
  a.release();
  // A second release of the same gives nothing more.
  a.release();
  (await c).brought(20);
  const again = enter("a");
  await settled();
  expect(entered).toEqual(["a", "b", "c"]);
  (await c).release();
  await again;
  expect(entered).toEqual(["a", "b", "c", "a"]);
});

test("a stream that found nothing holds nothing while it waits: idle partitions delay no other", async () => {
  const { entered, enter } = bounded(10);
  for (const idle of ["a", "b", "c"]) {
    const held = await enter(idle);
    held.brought(0);
    held.release();
  }
  await Promise.all(["a", "b", "c", "busy"].map(async (stream) => enter(stream)));
  expect(entered).toHaveLength(7);
});

test("it says how many bytes were fetched and not settled, without what is only held for a fetch", async () => {
  const { enter, bytes } = bounded(100);
  const [a, b] = [await enter("a"), await enter("b")];
  expect(bytes()).toBe(0);
  a.brought(20);
  b.brought(3);
  expect(bytes()).toBe(23);
  a.release();
  // The next fetch of a stream holds what the one before brought.
  const again = await enter("a");
  expect(bytes()).toBe(3);
  again.brought(0);
  again.release();
  b.release();
  expect(bytes()).toBe(0);
});

test("a batch that is larger than the bound runs alone", async () => {
  const { entered, enter } = bounded(5);
  const large = await enter("a");
  large.brought(1_000);
  void enter("b");
  await settled();
  expect(entered).toEqual(["a"]);
  large.release();
  await settled();
  expect(entered).toEqual(["a", "b"]);
});

test("a stream that is taken away waits no longer, and lets those behind it pass", async () => {
  const { entered, enter } = bounded(10, 4);
  const [first, large] = [await enter("a"), await enter("large")];
  large.brought(8);
  large.release();
  const abort = new AbortController();
  const gone = enter("large", abort.signal);
  void enter("b");
  await settled();
  expect(entered).toEqual(["a", "large"]);
  abort.abort();
  (await gone).release();
  await settled();
  expect(entered.toSorted()).toEqual(["a", "b", "large", "large"]);
  first.release();
  const aborted = AbortSignal.abort();
  (await enter("c", aborted)).release();
  expect(entered.at(-1)).toBe("c");
});
