import { useEffect, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { timeText, zone } from "../shell/time.ts";
import { perSecond } from "./numbers.ts";

/** Records a second. */
export type Rates = { readonly decided: number; readonly failed: number };

/** A point is taken so often, and so many are kept: five minutes. */
const EVERY_MS = 1_000;
const KEPT = 300;
const HEIGHT_PX = 140;
/** One row of the table stands for so many points. */
const ROW = 30;

type Point = Rates & { readonly atMs: number };

/**
 * Records a second over the last five minutes. The library that draws is fetched with the first chart. What it draws nobody can read who does not
 * see it, so the same is in words and in a table.
 * @param rates null: nothing is followed now, and the chart stands still.
 */
export function RateChart({ rates }: { readonly rates: Rates | null }) {
  const points = usePoints(rates);
  const host = useRef<HTMLDivElement>(null);
  useChart(host, points);
  const now = points.at(-1);
  const most = Math.max(0, ...points.map(({ decided }) => decided));
  const words = `Records a second in the last five minutes: now ${perSecond(now?.decided ?? 0)} decided, ${perSecond(now?.failed ?? 0)} of them failed, at most ${perSecond(most)} decided`;
  return (
    <figure class="rate">
      <div class="drawn" ref={host} role="img" aria-label={words} />
      <figcaption>
        Records a second, five minutes: <span class="decided">decided</span>, <span class="failed">failed</span>; at
        most {perSecond(most)}
        <details>
          <summary>As a table, by half a minute</summary>
          <ul class="hours">
            {rowsOf(points).map(({ atMs, decided, failed }) => (
              <li>
                {hourOf(atMs)}: {perSecond(decided)} decided, {perSecond(failed)} failed
              </li>
            ))}
          </ul>
        </details>
      </figcaption>
    </figure>
  );
}

/** The time of day in the zone that was chosen. */
function hourOf(ms: number): string {
  return timeText(new Date(ms).toISOString(), zone.value === "utc" ? "utc" : "local", ms).slice(11, 19);
}

function rowsOf(points: readonly Point[]): readonly Point[] {
  const rows: Point[] = [];
  for (let from = 0; from < points.length; from += ROW) {
    const some = points.slice(from, from + ROW);
    const mean = (of: "decided" | "failed"): number => some.reduce((sum, point) => sum + point[of], 0) / some.length;
    rows.push({ atMs: some[0]?.atMs ?? 0, decided: mean("decided"), failed: mean("failed") });
  }
  return rows;
}

function usePoints(rates: Rates | null): readonly Point[] {
  const [points, setPoints] = useState<readonly Point[]>([]);
  const latest = useRef(rates);
  latest.current = rates;
  useEffect(() => {
    const timer = setInterval(() => {
      const { current } = latest;
      if (current !== null) setPoints((before) => [...before, { atMs: Date.now(), ...current }].slice(-KEPT));
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return points;
}

function useChart(host: { readonly current: HTMLDivElement | null }, points: readonly Point[]): void {
  const chart = useRef<uPlot | null>(null);
  const data = useRef(dataOf(points));
  data.current = dataOf(points);
  useEffect(() => {
    let isGone = false;
    const sized = new ResizeObserver(() => {
      if (host.current !== null) chart.current?.setSize({ width: host.current.clientWidth, height: HEIGHT_PX });
    });
    const draw = async (): Promise<void> => {
      const [{ default: Chart }] = await Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]);
      if (isGone || host.current === null) return;
      chart.current = new Chart(optionsFor(host.current), data.current, host.current);
      sized.observe(host.current);
    };
    // Where it cannot be fetched, words and table are what there is.
    draw().catch(() => undefined);
    return () => {
      isGone = true;
      sized.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, []);
  useEffect(() => chart.current?.setData(data.current), [points]);
}

function dataOf(points: readonly Point[]): uPlot.AlignedData {
  return [
    points.map(({ atMs }) => atMs / 1_000),
    points.map(({ decided }) => decided),
    points.map(({ failed }) => failed),
  ];
}

function optionsFor(host: HTMLElement): uPlot.Options {
  // Asked at each drawing: the colours follow the theme.
  const colour = (name: string) => (): string => colourOf(host, name);
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  return {
    width: host.clientWidth,
    height: HEIGHT_PX,
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { range: (_, __, to) => [to - (KEPT * EVERY_MS) / 1_000, to] },
      y: { range: (_, __, to) => [0, Math.max(1, to * 1.1)] },
    },
    axes: [
      { ...axis, space: 90, size: 30, values: (_, ticks) => ticks.map((tick) => hourOf(tick * 1_000)) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => perSecond(tick)) },
    ],
    series: [
      {},
      { stroke: colour("--bar"), width: 2, points: { show: false } },
      { stroke: colour("--fail"), width: 2, dash: [4, 3], points: { show: false } },
    ],
  };
}

/** What a colour of the style sheet is now. */
function colourOf(host: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  host.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
