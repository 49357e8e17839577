import { signal } from "@preact/signals";

/** The API key of this page; "" without one. It is kept in memory only: whoever loads the page again gives it again. */
export const apiKey = signal("");
