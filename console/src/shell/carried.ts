import { signal } from "@preact/signals";

/** A text that goes from one page to the next, where it is too long for an address; null: none does. */
export const carried = signal<string | null>(null);
