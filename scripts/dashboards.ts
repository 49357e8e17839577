import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  VariableSort,
  type Panel as GrafanaPanel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as NumberBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as LinesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { DASHBOARDS, type Dashboard, type Panel, type Query } from "./dashboard-panels.ts";

// node scripts/dashboards.ts            writes the dashboards of deploy/observability
// node scripts/dashboards.ts --check    exits 1 when one of them is not what it would write

/** Grafana's interval for rates: at least four scrapes. */
const RATE = "$__rate_interval";

const SOURCE = { type: "prometheus", uid: "${datasource}" } as const;

/** The dashboards by path, relative to the repository. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(
    DASHBOARDS.map((one) => [
      `deploy/observability/grafana/${one.uid}.json`,
      `${JSON.stringify(dashboardOf(one), null, 2)}\n`,
    ]),
  );
}

function dashboardOf({ uid, title, meaning, by, rows }: Dashboard): object {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(meaning)
    .tags(["sigma"])
    .readonly()
    .refresh("30s")
    .time({ from: "now-3h", to: "now" })
    .timezone("browser")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"));
  if (by !== null) builder.withVariable(variableOf(by));
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panelOf(panel));
  }
  return builder.build();
}

/** The values of a label, of which all are shown until some are chosen. */
function variableOf({ label, metric }: NonNullable<Dashboard["by"]>): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(label)
      .label(label === "subject" ? "Contract" : "Gateway")
      .datasource(SOURCE)
      .query(`label_values(${metric}, ${label})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      // oxlint-disable-next-line unicorn/no-array-sort -- it is no array
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue(".*")
      .current({ selected: true, text: "All", value: "$__all" })
  );
}

const HEIGHTS = { lines: 8, number: 4, table: 8 } as const;

function panelOf(panel: Panel): Builder<GrafanaPanel> {
  const { title, meaning, kind, unit, width, queries } = panel;
  const builder = emptyPanel(panel);
  builder.title(title).description(meaning).datasource(SOURCE).unit(unit).span(width).height(HEIGHTS[kind]);
  for (const query of queries) builder.withTarget(targetOf(query, kind));
  return builder;
}

function emptyPanel({ kind, redFrom }: Panel): LinesBuilder | NumberBuilder | TableBuilder {
  if (kind === "lines") return new LinesBuilder().min(0).fillOpacity(8);
  if (kind === "table") return new TableBuilder();
  const steps = [{ value: null, color: "green" }, ...(redFrom === undefined ? [] : [{ value: redFrom, color: "red" }])];
  return new NumberBuilder().thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
}

function targetOf({ query, legend }: Query, kind: Panel["kind"]): DataqueryBuilder {
  const target = new DataqueryBuilder().datasource(SOURCE).expr(query.replaceAll("$rate", RATE)).legendFormat(legend);
  if (kind === "table") target.instant().format(PromQueryFormat.Table);
  else target.range();
  // Latencies show the traces behind them.
  if (query.includes("histogram_quantile")) target.exemplar(true);
  return target;
}

if (import.meta.main) {
  const isCheck = process.argv.includes("--check");
  const stale = [...dashboardFiles()].filter(([path, text]) => !isCheck || readFileSync(path, "utf8") !== text);
  if (isCheck && stale.length > 0) {
    process.stderr.write(
      `not what the source says: ${stale.map(([path]) => path).join(", ")}; run scripts/dashboards.ts\n`,
    );
    process.exitCode = 1;
  }
  if (!isCheck) {
    mkdirSync("deploy/observability/grafana", { recursive: true });
    for (const [path, text] of stale) writeFileSync(path, text);
  }
}
