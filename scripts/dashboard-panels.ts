// What the dashboards show, as data: scripts/dashboards.ts makes Grafana's JSON of it, and a test asks every query of a real Prometheus.

/** A panel of a dashboard. Grafana replaces `$rate` by its own interval, and the variables of the dashboard. */
export type Panel = {
  readonly title: string;
  /** Says what to think of it, for whoever is called at night. */
  readonly meaning: string;
  readonly kind: "lines" | "number" | "table";
  /** A unit of Grafana. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Columns of 24. */
  readonly width: 4 | 6 | 8 | 12 | 24;
  /** From this value on it is red. */
  readonly redFrom?: number;
};

export type Query = { readonly query: string; readonly legend: string };

export type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly meaning: string;
  /** The label by whose values one looks at a part; null: at everything. */
  readonly by: { readonly label: "subject" | "instance"; readonly metric: string } | null;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
};

const lines = (
  title: string,
  unit: string,
  meaning: string,
  queries: Readonly<Record<string, string>>,
  width: Panel["width"] = 12,
): Panel => ({ title, meaning, kind: "lines", unit, queries: queriesOf(queries), width });

const number = (title: string, unit: string, meaning: string, query: string, redFrom?: number): Panel => ({
  title,
  meaning,
  kind: "number",
  unit,
  queries: queriesOf({ [title]: query }),
  width: 6,
  ...(redFrom === undefined ? {} : { redFrom }),
});

const table = (title: string, meaning: string, query: string, width: Panel["width"] = 12): Panel => ({
  title,
  meaning,
  kind: "table",
  unit: "short",
  queries: queriesOf({ "": query }),
  width,
});

function queriesOf(queries: Readonly<Record<string, string>>): readonly Query[] {
  return Object.entries(queries).map(([legend, query]) => ({ legend, query }));
}

/** Quantiles of a histogram, from its classic buckets: every Prometheus has them. */
const quantiles = (metric: string, of: string, by = ""): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [0.5, 0.9, 0.99].map((quantile) => [
      by === "" ? `p${quantile * 100}` : `{{${by}}} p${quantile * 100}`,
      `histogram_quantile(${quantile}, sum by (le${by === "" ? "" : `, ${by}`}) (rate(${metric}_bucket{${of}}[$rate])))`,
    ]),
  );

const OVERVIEW: Dashboard = {
  uid: "sigma-overview",
  title: "SIGMA: overview",
  meaning: "What fails, since when, for whom, and whether anything waits.",
  by: null,
  rows: [
    {
      title: "Now",
      panels: [
        number("Decisions", "reqps", "Durable decisions a second.", "sum(rate(sigma_decisions_total[$rate]))"),
        number(
          "Failed",
          "percentunit",
          "Share of decisions that are FAILED.",
          'sum(rate(sigma_decisions_total{outcome="failed"}[$rate])) / sum(rate(sigma_decisions_total[$rate]))',
          0.05,
        ),
        number(
          "Streams paused or halted",
          "short",
          "A paused stream goes on by itself; a halted one waits for an operator: sigma streams.",
          'sum(sigma_streams{state=~"paused|halted"})',
          1,
        ),
        number("Lag", "s", "Highest possible age of the oldest undecided record.", "max(sigma_stream_lag_seconds)", 60),
      ],
    },
    {
      title: "Decisions",
      panels: [
        lines("Decisions by outcome", "reqps", "A drop of all outcomes at once is a producer or the log.", {
          "{{outcome}}": "sum by (outcome) (rate(sigma_decisions_total[$rate]))",
        }),
        lines("Failed share by contract", "percentunit", "Whose records fail.", {
          "{{subject}}":
            'sum by (subject) (rate(sigma_decisions_total{outcome="failed"}[$rate])) / sum by (subject) (rate(sigma_decisions_total[$rate]))',
        }),
        lines("Failures by reason", "reqps", "The ten most frequent reasons: sigma failures groups has examples.", {
          "{{subject}} {{reason}}":
            'topk(10, sum by (subject, reason) (rate(sigma_decisions_total{outcome="failed"}[$rate])))',
        }),
        lines("Replay volume", "reqps", "Records that repeat earlier ones, and failures that were sent again.", {
          "{{kind}}": "sum by (kind) (rate(sigma_replayed_records_total[$rate]))",
        }),
      ],
    },
    {
      title: "How late",
      panels: [
        lines(
          "Produce to durable",
          "s",
          "From the time of a record in its log until its decision was durable.",
          quantiles("sigma_produce_to_durable_seconds", ""),
        ),
        lines("Lag by topic", "s", "Highest possible age of the oldest undecided record.", {
          "{{topic}}": "max by (topic) (sigma_stream_lag_seconds)",
        }),
        lines("Undecided records", "short", "Offsets between what is settled and the end of the log.", {
          "{{topic}}": "sum by (topic) (sigma_stream_lag_records)",
        }),
        lines("Where the time of a batch goes", "percentunit", "Share of the stages. fetch waits for records.", {
          "{{stage}}": "sum by (stage) (rate(sigma_stage_seconds_sum[$rate]))",
        }),
      ],
    },
    {
      title: "Lanes",
      panels: [
        lines("Moved to lanes", "reqps", "Where records have lanes: a lane without records is missing its producers.", {
          "{{lane}}": "sum by (lane) (rate(sigma_router_records_total[$rate]))",
        }),
        lines("Not in a lane yet", "s", "Highest possible age of the oldest record that its router did not move.", {
          "{{topic}}": "max by (topic) (sigma_router_lag_seconds)",
        }),
        lines(
          "Time of a transaction",
          "s",
          "Brokers end one that takes 15 s.",
          quantiles("sigma_router_transaction_seconds", ""),
        ),
        lines("Routers that wait", "short", "By code, in the last hour. docs/lanes.md says what each means.", {
          "{{topic}} {{code}}": "sum by (topic, code) (increase(sigma_router_waits_total[1h]))",
        }),
      ],
    },
    {
      title: "Trouble",
      panels: [
        table("Paused and halted streams", "The code has a page in docs/reference/errors.md.", "sigma_stream_trouble"),
        lines("Failed attempts to use a backend", "reqps", "By code of log, store, registry and anchors.", {
          "{{backend}} {{code}}": "sum by (backend, code) (rate(sigma_backend_errors_total[$rate]))",
        }),
        lines("Pauses and halts", "short", "In the last hour.", {
          "paused {{code}}": "sum by (code) (increase(sigma_pauses_total[1h]))",
          "halted {{code}}": "sum by (code) (increase(sigma_halts_total[1h]))",
        }),
        lines("New failure groups", "short", "Kinds of failure that were never seen before, in the last hour.", {
          groups: "sum(increase(sigma_new_failure_groups_total[1h]))",
        }),
      ],
    },
  ],
};

const OF_SUBJECT = 'subject=~"$subject"';

const CONTRACT: Dashboard = {
  uid: "sigma-contract",
  title: "SIGMA: one contract",
  meaning: "How the records of a contract fare, by version and reason.",
  by: { label: "subject", metric: "sigma_decisions_total" },
  rows: [
    {
      title: "Decisions",
      panels: [
        lines("Records by version", "reqps", "Who moved to the next version, and who did not.", {
          "v{{version}}": `sum by (version) (rate(sigma_decisions_total{${OF_SUBJECT}}[$rate]))`,
        }),
        lines("Failed share by version", "percentunit", "A version that fails more than the others is the suspect.", {
          "v{{version}}": `sum by (version) (rate(sigma_decisions_total{${OF_SUBJECT},outcome="failed"}[$rate])) / sum by (version) (rate(sigma_decisions_total{${OF_SUBJECT}}[$rate]))`,
        }),
        lines("Failures by reason", "reqps", "docs/reference/errors.md says what each reason means.", {
          "{{reason}}": `sum by (reason) (rate(sigma_decisions_total{${OF_SUBJECT},outcome="failed"}[$rate]))`,
        }),
        lines("Repeated records", "reqps", "Duplicates, conflicts, and failures that were sent again.", {
          "{{kind}}": `sum by (kind) (rate(sigma_replayed_records_total{${OF_SUBJECT}}[$rate]))`,
        }),
        lines("Redriven", "reqps", "What became of failures that were sent again.", {
          "{{outcome}}": `sum by (outcome) (rate(sigma_redriven_decisions_total{${OF_SUBJECT}}[$rate]))`,
        }),
        lines("Verdicts over HTTP", "reqps", "Asked for without storing anything.", {
          "{{contract}} {{status}}":
            'sum by (contract, status) (rate(sigma_verdicts_total{contract=~"($subject)@.*"}[$rate]))',
        }),
      ],
    },
    {
      title: "How late",
      panels: [
        lines(
          "Produce to durable",
          "s",
          "From the time of a record in its log until its decision was durable.",
          quantiles("sigma_produce_to_durable_seconds", OF_SUBJECT),
        ),
        lines(
          "Deciding one record",
          "s",
          "A version with dear rules shows here.",
          quantiles("sigma_decide_seconds", OF_SUBJECT),
        ),
      ],
    },
    {
      title: "Versions that look on",
      panels: [
        lines("Changed verdicts", "reqps", "What would change if the version were live.", {
          "{{contract}} {{flip}}":
            'sum by (contract, flip) (rate(sigma_shadow_flips_total{contract=~"($subject)@.*"}[$rate]))',
        }),
        lines("Coverage", "reqps", "Records that a version judged, and those that it missed.", {
          "{{contract}} {{fate}}":
            'sum by (contract, fate) (rate(sigma_shadow_records_total{contract=~"($subject)@.*"}[$rate]))',
        }),
      ],
    },
  ],
};

const OF_INSTANCE = 'instance=~"$instance"';

const GATEWAY: Dashboard = {
  uid: "sigma-gateway",
  title: "SIGMA: one gateway",
  meaning: "The process: its work, its interface, its memory.",
  by: { label: "instance", metric: "sigma_build_info" },
  rows: [
    {
      title: "Work",
      panels: [
        lines("Batches", "reqps", "Batches that became durable.", {
          "{{instance}}": `sum by (instance) (rate(sigma_batches_total{${OF_INSTANCE}}[$rate]))`,
        }),
        lines("Stages of a batch", "s", "Mean time of each stage.", {
          "{{stage}}": `sum by (stage) (rate(sigma_stage_seconds_sum{${OF_INSTANCE}}[$rate])) / sum by (stage) (rate(sigma_stage_seconds_count{${OF_INSTANCE}}[$rate]))`,
        }),
        lines("Evidence", "Bps", "Bytes of records, and what they are in the ledger.", {
          "{{form}}": `sum by (form) (rate(sigma_evidence_bytes_total{${OF_INSTANCE}}[$rate]))`,
        }),
        lines("Records in flight", "bytes", "Fetched and not settled; batch.in_flight_bytes is the bound.", {
          "{{instance}}": `sum by (instance) (sigma_in_flight_bytes{${OF_INSTANCE}})`,
        }),
        lines("Streams", "short", "By state.", { "{{state}}": `sum by (state) (sigma_streams{${OF_INSTANCE}})` }),
        lines(
          "Ledger",
          "reqps",
          "Lost compare-and-swaps: two owners of one stream. Redone tails: starts and trouble.",
          {
            "races lost": `sum(rate(sigma_ledger_races_lost_total{${OF_INSTANCE}}[$rate]))`,
            "tails redone": `sum(rate(sigma_tails_redone_total{${OF_INSTANCE}}[$rate]))`,
          },
        ),
        lines("Contracts and anchors", "short", "In the last hour.", {
          "contracts {{result}}": `sum by (result) (increase(sigma_contract_swaps_total{${OF_INSTANCE}}[1h]))`,
          "anchors {{result}}": `sum by (result) (increase(sigma_anchors_total{${OF_INSTANCE}}[1h]))`,
        }),
      ],
    },
    {
      title: "HTTP",
      panels: [
        lines("Requests by route", "reqps", "", {
          "{{method}} {{route}}": `topk(10, sum by (method, route) (rate(sigma_http_requests_total{${OF_INSTANCE}}[$rate])))`,
        }),
        lines(
          "Answers by status",
          "reqps",
          "503 says that a stream or a backend is in trouble, or that too much is held.",
          {
            "{{status}}": `sum by (status) (rate(sigma_http_requests_total{${OF_INSTANCE}}[$rate]))`,
          },
        ),
        lines("Time of an answer", "s", "", quantiles("sigma_http_request_seconds", OF_INSTANCE)),
        lines("Bytes of requests", "bytes", "Beyond 64 MiB requests are answered 503.", {
          "{{instance}}": `sigma_http_held_bytes{${OF_INSTANCE}}`,
        }),
      ],
    },
    {
      title: "Runtime",
      panels: [
        lines("CPU", "percentunit", "1 is one core. Deciding takes one core at most.", {
          "{{instance}}": `rate(process_cpu_seconds_total{${OF_INSTANCE}}[$rate])`,
        }),
        lines("Memory", "bytes", "", {
          "resident {{instance}}": `process_resident_memory_bytes{${OF_INSTANCE}}`,
          "heap {{instance}}": `nodejs_heap_size_used_bytes{${OF_INSTANCE}}`,
        }),
        lines("Delay of the event loop", "s", "Deciding a batch holds it for some milliseconds.", {
          "p50 {{instance}}": `nodejs_eventloop_lag_p50_seconds{${OF_INSTANCE}}`,
          "p99 {{instance}}": `nodejs_eventloop_lag_p99_seconds{${OF_INSTANCE}}`,
        }),
        lines("Garbage collection", "percentunit", "Share of time.", {
          "{{kind}}": `sum by (kind) (rate(nodejs_gc_duration_seconds_sum{${OF_INSTANCE}}[$rate]))`,
        }),
        lines("Open files", "short", "", {
          "{{instance}}": `process_open_fds{${OF_INSTANCE}}`,
        }),
        table("Builds", "Gateways of one log should be of one engine.", `sigma_build_info{${OF_INSTANCE}}`),
      ],
    },
  ],
};

const EVENTS = "sigma_objective_events_total";

const OBJECTIVES: Dashboard = {
  uid: "sigma-objectives",
  title: "SIGMA: objectives",
  meaning:
    "How much of each budget is left and how fast it goes, with the rules of sigma slo export (docs/objectives.md).",
  by: null,
  rows: [
    {
      title: "Budgets",
      panels: [
        number(
          "Least budget left",
          "percentunit",
          "Of all objectives. Below 0 one is missed.",
          "min(sigma:objective_budget_left:ratio)",
        ),
        number(
          "Alerts",
          "short",
          "Alerts of objectives that fire.",
          'count(ALERTS{alertname=~"SigmaObjective.+",alertstate="firing"})',
          1,
        ),
        lines("Budget left", "percentunit", "Of the window of the objective.", {
          "{{objective}}": "sigma:objective_budget_left:ratio",
        }),
        lines("Bad share", "percentunit", "Of what happened just now.", {
          "{{objective}}": `sum by (objective) (rate(${EVENTS}{outcome="bad"}[$rate])) / sum by (objective) (rate(${EVENTS}[$rate]))`,
        }),
        lines("Bad share by window", "percentunit", "What the alerts compare with 14.4, 6, 3 and 1 times the budget.", {
          "{{objective}} {{__name__}}": '{__name__=~"sigma:objective_errors:ratio_rate.+"}',
        }),
        lines("Events", "short", "Records, or seconds of streams for availability, a second.", {
          "{{objective}} {{outcome}}": `sum by (objective, outcome) (rate(${EVENTS}[$rate]))`,
        }),
        table("Firing", "Each alert has a runbook.", 'ALERTS{alertname=~"SigmaObjective.+"}'),
      ],
    },
  ],
};

export const DASHBOARDS: readonly Dashboard[] = [OVERVIEW, CONTRACT, GATEWAY, OBJECTIVES];
