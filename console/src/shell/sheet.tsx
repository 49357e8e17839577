import { useEffect, useRef } from "preact/hooks";
import type { Shortcut } from "./shortcuts.ts";

const IN_LISTS = [
  { keys: "j / k", does: "Next or previous row of a list" },
  { keys: "Enter", does: "Open the row" },
  { keys: "/", does: "Go to the filter" },
  { keys: "s", does: "Stop or start the live view" },
  { keys: "Esc", does: "Close, or leave a field" },
];

/** The sheet of shortcuts. */
export function Sheet({
  shortcuts,
  onClose,
}: {
  readonly shortcuts: readonly Shortcut[];
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="sheet-title" onClose={onClose}>
      <h2 id="sheet-title">Keyboard</h2>
      <dl class="keys">
        {[...shortcuts, ...IN_LISTS].map(({ keys, does }) => (
          <div>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
