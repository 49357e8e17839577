import { useEffect, useState } from "preact/hooks";
import { requestHeaders } from "../api/session.ts";
import type { Answers } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { ContractTabs } from "../parts/contract-tabs.tsx";
import { CopyAs } from "../parts/copy.tsx";
import { GROUP_COLUMNS, groupPath } from "../parts/group-cells.tsx";
import { Loading } from "../parts/loading.tsx";
import { Mark, type MarkKind } from "../parts/mark.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { useQuery } from "../shell/url-state.ts";

type Version = Answers["/v1/contracts/{subject}"]["versions"][number];

const KINDS: Readonly<Record<Version["status"], MarkKind>> = {
  draft: "info",
  active: "pass",
  deprecated: "warn",
  retired: "muted",
};

const COLUMNS: readonly Column<Version>[] = [
  { name: "Version", cell: ({ version }) => <VersionLink version={version} /> },
  { name: "Status", cell: ({ status }) => <Mark kind={KINDS[status]}>{status}</Mark> },
  { name: "Deprecated", cell: ({ deprecated }) => deprecated ?? "" },
  { name: "Sunset", cell: ({ sunset }) => sunset ?? "" },
  { name: "Successor", cell: ({ successor }) => successor ?? "" },
  { name: "Digest", cell: ({ digest }) => <code class="digest">{digest}</code> },
];

/** One contract: its versions, their schemas, and what fails under it. */
export function ContractPage({ subject = "" }: { readonly subject?: string }) {
  const contract = useAnswer("/v1/contracts/{subject}", { subject });
  const groups = useAnswer("/v1/failures/groups", { contract: subject, since: "7d", sort: "recent", limit: 20 });
  const { query } = useQuery();
  const { value } = contract;
  const shown =
    value?.versions.find(({ version }) => String(version) === (query["version"] ?? String(value.preferred))) ??
    value?.versions.at(-1);
  return (
    <>
      <Title
        aside={<CopyAs cli={`sigma contract show ${subject}`} path={`/v1/contracts/${encodeURIComponent(subject)}`} />}
      >
        {subject}
      </Title>
      <ContractTabs subject={subject} now="" />
      <Trouble of={contract} />
      {value === null && contract.trouble === null && <Loading />}
      {value !== null && (
        <>
          <p class="lead">{value.description}</p>
          <dl class="facts">
            <div>
              <dt>Owner</dt>
              <dd>{value.owner}</dd>
            </div>
            <div>
              <dt>Write</dt>
              <dd>{value.preferred === null ? "no version is active" : `${subject}@${value.preferred}`}</dd>
            </div>
            <div>
              <dt>Topics</dt>
              <dd>
                {value.topics
                  .map(({ topic, default: fallback }) => `${topic}${fallback === null ? "" : ` (default ${fallback})`}`)
                  .join(", ")}
              </dd>
            </div>
          </dl>
          <Rows caption="Versions" columns={COLUMNS} rows={value.versions} keyOf={({ version }) => String(version)} />
          {shown !== undefined && <Schema path={shown.schema} name={`${subject}@${shown.version}`} />}
        </>
      )}
      {/* Only below what is there: what comes later would push it down. */}
      {(value !== null || contract.trouble !== null) && <h2>Failures, 7 days</h2>}
      <Trouble of={groups} />
      {value !== null && groups.value?.groups.length === 0 && <p>None in the last 7 days.</p>}
      {value !== null && groups.value !== null && groups.value.groups.length > 0 && (
        <Rows
          caption={`Groups of failures under ${subject}`}
          columns={GROUP_COLUMNS}
          rows={groups.value.groups}
          keyOf={({ fingerprint }) => fingerprint}
          linkOf={groupPath}
        />
      )}
    </>
  );
}

function VersionLink({ version }: { readonly version: number }) {
  const { change } = useQuery();
  return (
    <button type="button" class="quiet" onClick={() => change({ version: String(version) })}>
      {version}
    </button>
  );
}

function Schema({ path, name }: { readonly path: string; readonly name: string }) {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    setText(null);
    fetch(path, { signal: stop.signal, headers: requestHeaders() })
      .then(async (response) => setText(JSON.stringify(await response.json(), null, 2)))
      .catch(() => undefined);
    return () => stop.abort();
  }, [path]);
  return (
    <details open>
      <summary>JSON Schema of {name}</summary>
      <div class="scroll schema" tabIndex={0} role="region" aria-label={`JSON Schema of ${name}`}>
        <pre>{text ?? "…"}</pre>
      </div>
      <p>
        <a href={`/playground?contract=${encodeURIComponent(name)}`}>Try a record under {name}</a>
      </p>
    </details>
  );
}
