import { timeText, zone, type Zone } from "../shell/time.ts";

/** A time in the way that is chosen; the other ways are its title. */
export function When({ at }: { readonly at: string | null }) {
  if (at === null) return <span>no time</span>;
  const now = Date.now();
  const others = (["local", "utc", "relative"] satisfies Zone[]).filter((one) => one !== zone.value);
  return (
    <time dateTime={at} title={others.map((one) => timeText(at, one, now)).join("\n")}>
      {timeText(at, zone.value, now)}
    </time>
  );
}
