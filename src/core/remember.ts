/** Keeps a value under a key, and forgets the key that was kept first where there are more than `max`. A key that is kept again keeps its place. */
export function remember<Key, Value>(kept: Map<Key, Value>, key: Key, value: Value, max: number): void {
  kept.set(key, value);
  const [first] = kept.keys();
  if (kept.size > max) kept.delete(first as Key);
}
