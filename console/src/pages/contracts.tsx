import type { Answers } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { Loading } from "../parts/loading.tsx";
import { Mark } from "../parts/mark.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";

const EVERY_MS = 10_000;

type Contract = Answers["/v1/contracts"]["contracts"][number];

/** The live contract set. */
export function Contracts() {
  const contracts = useAnswer("/v1/contracts", {}, { everyMs: EVERY_MS });
  const { value } = contracts;
  const columns: readonly Column<Contract>[] = [
    { name: "Contract", cell: ({ subject }) => subject },
    {
      name: "Versions",
      cell: ({ versions }) => versions.map(({ version, status }) => `${version} ${status}`).join(", "),
    },
    {
      name: "Topics",
      cell: ({ subject }) =>
        (value?.bindings ?? [])
          .filter((binding) => binding.subject === subject)
          .map(({ topic }) => topic)
          .join(", "),
    },
  ];
  return (
    <>
      <Title aside={<CopyAs cli="sigma contract list" path="/v1/contracts" />}>Contracts</Title>
      <Trouble of={contracts} />
      {value === null && contracts.trouble === null && <Loading />}
      {(value?.refused ?? []).length > 0 && (
        <div class="trouble" role="alert">
          <p>
            <Mark kind="warn">The last change of the contract files was refused; what was live before stays live.</Mark>
          </p>
          <ul>
            {value?.refused?.map((problem) => (
              <li>{problem}</li>
            ))}
          </ul>
        </div>
      )}
      {value?.contracts.length === 0 && (
        <Empty command="npx sigma contract new">No contract is live. To begin one:</Empty>
      )}
      {value !== null && value.contracts.length > 0 && (
        <>
          <Rows
            caption="Live contracts"
            columns={columns}
            rows={value.contracts}
            keyOf={({ subject }) => subject}
            linkOf={({ subject }) => `/contracts/${encodeURIComponent(subject)}`}
          />
          <p class="aside">
            Set <code>{value.digest}</code>
          </p>
        </>
      )}
    </>
  );
}
