import { carried } from "../shell/carried.ts";

/** Longer texts go along in memory alone: a server refuses long addresses. */
const ADDRESS_MAX = 4_000;

type Props = { readonly contract: string; readonly text: string; readonly children: string };

/** A link to the playground with a payload filled in. */
export function TryPayload({ contract, text, children }: Props) {
  const query = new URLSearchParams({ contract });
  const isShort = encodeURIComponent(text).length <= ADDRESS_MAX;
  if (isShort) query.set("record", text);
  return (
    <a href={`/playground?${query.toString()}`} onClick={() => (carried.value = text)}>
      {children}
    </a>
  );
}
