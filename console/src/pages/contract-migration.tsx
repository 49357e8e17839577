import { pathOf } from "../api/client.ts";
import type { Answers, ContractTraffic } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { ContractTabs } from "../parts/contract-tabs.tsx";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Mark, type MarkKind } from "../parts/mark.tsx";
import { counted, grouped } from "../parts/numbers.ts";
import { Rows, type Column } from "../parts/rows.tsx";
import { Select } from "../parts/select.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { When } from "../parts/when.tsx";
import { useQuery } from "../shell/url-state.ts";

type Producer = ContractTraffic["producers"][number];
type Version = Answers["/v1/contracts/{subject}"]["versions"][number];

const EVERY_MS = 10_000;
const SPANS = [
  ["24h", "24 hours ago"],
  ["7d", "7 days ago"],
  ["30d", "30 days ago"],
] as const;

const STATES: Readonly<Record<Producer["state"], readonly [MarkKind, string]>> = {
  behind: ["fail", "behind"],
  moving: ["warn", "moving"],
  moved: ["pass", "moved"],
  silent: ["muted", "silent"],
};

/** How far producers are from one version to the next. */
export function ContractMigration({ subject = "" }: { readonly subject?: string }) {
  const { query, change } = useQuery();
  const since = query["since"] ?? "7d";
  const contract = useAnswer("/v1/contracts/{subject}", { subject });
  const traffic = useAnswer("/v1/contracts/{subject}/traffic", { subject, since }, { everyMs: EVERY_MS });
  const { value } = traffic;
  return (
    <>
      <Title
        name={`Migration of ${subject}`}
        aside={
          <CopyAs
            cli={`sigma contract traffic ${subject}`}
            path={pathOf("/v1/contracts/{subject}/traffic", { subject, since })}
          />
        }
      >
        {subject}
      </Title>
      <ContractTabs subject={subject} now="/migration" />
      <div class="filter">
        <Select
          label="Count records since"
          name="since"
          value={since}
          options={SPANS.some(([span]) => span === since) ? SPANS : [...SPANS, [since, since]]}
          onChange={(one) => change({ since: one })}
        />
      </div>
      <Trouble of={traffic} />
      {value === null && traffic.trouble === null && <Loading />}
      {value !== null && value.producers.length === 0 && (
        <Empty command={`npx sigma ingest examples/shipments.ndjson --to ${location.origin}`}>
          Nobody sent a record of {subject} yet. Producers name themselves in the header sigma-producer. To send some:
        </Empty>
      )}
      {value !== null && value.producers.length > 0 && (
        <>
          <Shares traffic={value} versions={contract.value?.versions ?? []} />
          <h2>{counted(value.producers.length, "producer")}</h2>
          <Rows
            caption={`Producers of ${subject}, those who are behind first`}
            columns={columnsOf(value)}
            rows={value.producers}
            keyOf={({ producer, otherProducers }) => JSON.stringify([producer, otherProducers])}
          />
          {!value.complete && <p class="aside">Some records were decided before they were counted.</p>}
        </>
      )}
    </>
  );
}

function Shares({
  traffic: { records, versions, preferred },
  versions: standings,
}: {
  readonly traffic: ContractTraffic;
  readonly versions: readonly Version[];
}) {
  return (
    <ul class="shares">
      {versions.map(({ version, records: own, failed, producers }) => {
        const standing = standings.find((one) => one.version === version);
        const share = records === 0 ? 0 : own / records;
        return (
          <li>
            <span class="name">
              <strong>{version}</strong> {standing?.status} {version === preferred && "(the one to write)"}
            </span>
            <svg class={version === preferred ? "share" : "share old"} aria-hidden="true">
              <rect width={percent(share)} height="100%" />
            </svg>
            <span>
              {percent(share)}: {counted(own, "record")} of {counted(producers, "producer")}
              {failed > 0 && `, ${grouped(failed)} failed`}
              {standing?.sunset !== null && standing?.sunset !== undefined && (
                <>
                  , ends <When at={`${standing.sunset}T00:00:00Z`} />
                </>
              )}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function columnsOf({ versions }: ContractTraffic): readonly Column<Producer>[] {
  return [
    {
      name: "Producer",
      cell: ({ producer, otherProducers }) =>
        producer ?? <span class="aside">{otherProducers ? "all others" : "names none"}</span>,
    },
    {
      name: "State",
      cell: ({ state }) => {
        const [kind, words] = STATES[state];
        return <Mark kind={kind}>{words}</Mark>;
      },
    },
    ...versions.map(({ version }): Column<Producer> => ({
      name: `Version ${version}`,
      isNumber: true,
      cell: ({ sent }) => {
        const own = sent.find((one) => one.version === version);
        return own === undefined ? "" : grouped(own.records);
      },
    })),
    {
      name: "Last of an older version",
      cell: ({ sent }) => {
        const newest = versions.at(-1)?.version;
        const last = sent.findLast((one) => one.version !== newest && one.last !== null);
        return last === undefined ? "" : <When at={last.last} />;
      },
    },
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.01 ? 2 : 0)}%`;
}
