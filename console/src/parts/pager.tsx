import { useQuery } from "../shell/url-state.ts";

/** To the next page, and back to the first. Cursors stand still while failures arrive. */
export function Pager({ next }: { readonly next: string | null }) {
  const { query, change } = useQuery();
  const isFirst = query["cursor"] === undefined;
  if (isFirst && next === null) return null;
  return (
    <div class="pager" role="group" aria-label="Pages">
      <button type="button" disabled={isFirst} onClick={() => change({ cursor: "" })}>
        First page
      </button>
      <button type="button" disabled={next === null} onClick={() => change({ cursor: next ?? "" })}>
        Next page
      </button>
    </div>
  );
}
