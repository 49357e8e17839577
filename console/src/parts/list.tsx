import type { ComponentChildren } from "preact";
import type { Asked } from "../api/use-answer.ts";
import { Loading } from "./loading.tsx";
import { Pager } from "./pager.tsx";
import { Rows, type Column } from "./rows.tsx";
import { Trouble } from "./trouble.tsx";

type Props<Row> = {
  readonly of: Asked<unknown>;
  /** Null: there is no answer yet. */
  readonly rows: readonly Row[] | null;
  /** The cursor of the next page; null at the end; absent: the list has one page. */
  readonly next?: string | null;
  /** What stands in the place of no rows. */
  readonly empty: ComponentChildren;
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  readonly linkOf?: (row: Row) => string;
};

/** A list of the gateway in each of its states: on its way, in trouble, empty, full, and one page of several. */
export function List<Row>({ of, rows, next, empty, caption, columns, keyOf, linkOf }: Props<Row>) {
  const links = linkOf === undefined ? {} : { linkOf };
  return (
    <>
      <Trouble of={of} />
      {rows === null && of.trouble === null && <Loading />}
      {rows?.length === 0 && empty}
      {rows !== null && rows.length > 0 && (
        <Rows caption={caption} columns={columns} rows={rows} keyOf={keyOf} {...links} />
      )}
      {next !== undefined && <Pager next={next} />}
    </>
  );
}
