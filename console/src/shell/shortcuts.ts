import { useLayoutEffect } from "preact/hooks";

/** What a key does, and how the sheet of shortcuts says so. */
export type Shortcut = { readonly keys: string; readonly does: string; readonly run: () => void };

const SEQUENCE_MS = 1_000;

/** Runs shortcuts while nobody types in a field. `keys` is one key, or two pressed one after another: `g f`. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  // Before the page is painted: a key that follows what is seen is heard.
  useLayoutEffect(() => {
    let before = "";
    let beforeMs = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const pair = event.timeStamp - beforeMs < SEQUENCE_MS ? `${before} ${event.key}` : "";
      const found = shortcuts.find(({ keys }) => keys === pair) ?? shortcuts.find(({ keys }) => keys === event.key);
      before = event.key;
      beforeMs = event.timeStamp;
      if (found === undefined) return;
      event.preventDefault();
      found.run();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}
