import { timeText } from "../shell/time.ts";
import { counted, grouped } from "./numbers.ts";

type Point = { readonly hour: string | null; readonly count: number };

const HOUR_MS = 3_600_000;
const HOURS = 720;
const WIDTH = 720;
const HEIGHT = 60;

/** Counts by hour over 30 days, as bars of a day; the hours themselves are in a table below, for those who ask. */
export function Trend({ points, nowMs }: { readonly points: readonly Point[]; readonly nowMs: number }) {
  const days = daysOf(points, nowMs);
  const most = Math.max(1, ...days.map(({ count }) => count));
  const step = WIDTH / days.length;
  const total = days.reduce((sum, { count }) => sum + count, 0);
  return (
    <figure class="trend">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${counted(total, "failure")} in 30 days, by day`}
      >
        {days.map(({ count, at }, index) => {
          const height = count === 0 ? 1 : Math.max(3, (count / most) * HEIGHT);
          return (
            <rect
              x={index * step + 1}
              width={step - 2}
              y={HEIGHT - height}
              height={height}
              class={count === 0 ? "none" : ""}
            >
              <title>{`${timeText(at, "utc", nowMs).slice(0, 10)}: ${grouped(count)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption>
        30 days, by day (UTC); at most {grouped(most)} in one
        <details>
          <summary>As a table, by hour</summary>
          <ul class="hours">
            {points.map(({ hour, count }) => (
              <li>
                {hour ?? "no time"}: {grouped(count)}
              </li>
            ))}
          </ul>
        </details>
      </figcaption>
    </figure>
  );
}

function daysOf(points: readonly Point[], nowMs: number): readonly { readonly at: string; readonly count: number }[] {
  const last = Math.floor(nowMs / (24 * HOUR_MS));
  const counts = new Map<number, number>();
  for (const { hour, count } of points) {
    const day = Math.floor(Date.parse(hour ?? "") / (24 * HOUR_MS));
    counts.set(day, (counts.get(day) ?? 0) + count);
  }
  return Array.from({ length: HOURS / 24 }, (_, index) => {
    const day = last - HOURS / 24 + 1 + index;
    return { at: new Date(day * 24 * HOUR_MS).toISOString(), count: counts.get(day) ?? 0 };
  });
}
