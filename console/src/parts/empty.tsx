import type { ComponentChildren } from "preact";
import { Copy } from "./copy.tsx";

/** What would be here, and the one command that brings it. */
export function Empty({ children, command }: { readonly children: ComponentChildren; readonly command?: string }) {
  return (
    <div class="empty">
      <p>{children}</p>
      {command !== undefined && (
        <p class="command">
          <code>{command}</code> <Copy text={command}>Copy</Copy>
        </p>
      )}
    </div>
  );
}
