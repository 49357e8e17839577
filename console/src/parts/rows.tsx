import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { useShortcuts } from "../shell/shortcuts.ts";

export type Column<Row> = {
  readonly name: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly isNumber?: boolean;
};

type Props<Row> = {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** The page of a row. Its first cell is the link. Absent: rows have none. */
  readonly linkOf?: (row: Row) => string;
};

/** A table. `j` and `k` go from row to row, Enter opens one. */
export function Rows<Row>({ caption, columns, rows, keyOf, linkOf }: Props<Row>) {
  const { route } = useLocation();
  const body = useRef<HTMLTableSectionElement>(null);
  const move = (by: number): void => {
    const links = [...(body.current?.querySelectorAll<HTMLAnchorElement>("tr > :first-child a") ?? [])];
    const now = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement) === true);
    links[Math.min(Math.max(now + by, 0), links.length - 1)]?.focus();
  };
  useShortcuts(
    linkOf === undefined
      ? []
      : [
          { keys: "j", does: "", run: () => move(1) },
          { keys: "k", does: "", run: () => move(-1) },
        ],
  );
  const open = (event: MouseEvent, row: Row): void => {
    // A click on a link, or with a key that opens a new tab, is the browser's.
    if (linkOf === undefined || event.ctrlKey || event.metaKey || (event.target as Element).closest("a, button"))
      return;
    if (getSelection()?.toString() === "") route(linkOf(row));
  };
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class={linkOf === undefined ? "" : "links"}>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name, isNumber }) => (
              <th scope="col" class={isNumber === true ? "number" : ""}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => (
            <tr key={keyOf(row)} onClick={(event) => open(event, row)}>
              {columns.map(({ name, cell, isNumber }, index) => (
                <td class={isNumber === true ? "number" : ""} data-name={name}>
                  {index === 0 && linkOf !== undefined ? <a href={linkOf(row)}>{cell(row)}</a> : cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
