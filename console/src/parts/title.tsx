import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { visible } from "./visible.ts";

/** The heading of a page, and the name of its window. @param name of the window, where the heading is more than text. */
export function Title({
  children,
  name,
  aside,
}: {
  readonly children: ComponentChildren;
  readonly name?: string;
  readonly aside?: ComponentChildren;
}) {
  const text = name ?? (typeof children === "string" ? children : "");
  useEffect(() => {
    document.title = text === "" ? "SIGMA" : `${visible(text)} · SIGMA`;
  }, [text]);
  return (
    <div class="title">
      <h1>{children}</h1>
      {aside}
    </div>
  );
}
