import type { ComponentChildren } from "preact";

/** A number that is read from afar, and what it is of. */
export function Tile({
  name,
  value,
  children,
}: {
  readonly name: string;
  /** Null: it is not known yet. */
  readonly value: string | null;
  readonly children: ComponentChildren;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="value">{value ?? "–"}</span> {children}
      </dd>
    </div>
  );
}
