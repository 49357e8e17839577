import { useState } from "preact/hooks";
import { apiKey } from "../api/key.ts";
import { session } from "../api/session.ts";
import type { Key, MadeKey } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { ActForm, type AskedField } from "../parts/act-form.tsx";
import { Copy, CopyAs } from "../parts/copy.tsx";
import { Empty } from "../parts/empty.tsx";
import { List } from "../parts/list.tsx";
import { Mark, type MarkKind } from "../parts/mark.tsx";
import { counted } from "../parts/numbers.ts";
import type { Column } from "../parts/rows.tsx";
import { Title } from "../parts/title.tsx";
import { When } from "../parts/when.tsx";

const KINDS: Readonly<Record<Key["state"], MarkKind>> = { active: "pass", revoked: "fail", expired: "muted" };

const NEW: readonly AskedField[] = [
  { name: "name", label: "Who uses it", hint: "grafana" },
  { name: "role", label: "Role", hint: "", options: ["viewer", "operator", "admin", "producer", "validator"] },
  { name: "topics", label: "Topics", hint: "all; a producer needs some", isOptional: true },
  { name: "subjects", label: "Contracts", hint: "all", isOptional: true },
  { name: "expires", label: "Ends", hint: "90d; never without it", isOptional: true },
];

/** Whoever makes the first key has to be able to make the next one. */
const FIRST: readonly AskedField[] = NEW.filter(({ name }) => name !== "topics" && name !== "subjects").map((field) =>
  field.name === "role" ? { ...field, options: ["admin"] } : field,
);

const ROTATE: readonly AskedField[] = [
  { name: "overlap", label: "The old key is taken for", hint: "24h", isOptional: true },
  { name: "expires", label: "The new key ends", hint: "90d; never without it", isOptional: true },
];

type Doing = { readonly kind: "new" } | { readonly kind: "rotate" | "revoke"; readonly key: Key };

/** Who may ask the gateway, and for what. For admins. */
export function Keys() {
  const asked = useAnswer("/v1/keys");
  const [doing, setDoing] = useState<Doing | null>(null);
  const [made, setMade] = useState<MadeKey | null>(null);
  const keys = asked.value?.keys ?? [];
  const active = keys.filter(({ state }) => state === "active");
  const done = (answer: unknown): void => {
    setMade(doing?.kind === "revoke" ? null : (answer as MadeKey));
    setDoing(null);
    asked.again();
  };
  return (
    <>
      <Title aside={<CopyAs cli="sigma keys api list" path="/v1/keys" />}>Keys</Title>
      <WhoAsks />
      {made !== null && <Made made={made} onKept={() => setMade(null)} />}
      {asked.value !== null && (
        <div class="actions">
          <button
            type="button"
            aria-expanded={doing?.kind === "new"}
            onClick={() => setDoing(doing?.kind === "new" ? null : { kind: "new" })}
          >
            New key
          </button>
          <span class="aside">
            {counted(active.length, "active key")} of {keys.length}
          </span>
        </div>
      )}
      {doing !== null && <Form doing={doing} active={active} onDone={done} />}
      <List
        of={asked}
        rows={asked.value === null ? null : keys.toReversed()}
        caption="Keys, the newest first"
        columns={columnsOf(setDoing)}
        keyOf={({ id }) => id}
        empty={
          <Empty command="npx sigma keys api new --role admin --reason 'the first one'">
            There are no keys: whoever reaches the gateway may do everything. From the first key on every request needs
            one, also on this machine. The first is an admin's. Make it here or with a command:
          </Empty>
        }
      />
    </>
  );
}

function columnsOf(act: (doing: Doing) => void): readonly Column<Key>[] {
  return [
    { name: "Name", cell: ({ name }) => <span class="detail">{name}</span> },
    { name: "Id", cell: ({ id }) => <code>{id}</code> },
    { name: "Roles", cell: ({ roles }) => roles.join(", ") },
    {
      name: "For",
      cell: ({ subjects, topics }) => (
        <span class="detail">{[...subjects, ...topics].join(", ") || "all records"}</span>
      ),
    },
    {
      name: "State",
      cell: ({ state, ends, revokedAt }) => (
        <span>
          <Mark kind={KINDS[state]}>{state}</Mark>{" "}
          {state === "active" ? (
            ends !== null && (
              <>
                until <When at={ends} />
              </>
            )
          ) : (
            <When at={revokedAt ?? ends ?? ""} />
          )}
        </span>
      ),
    },
    { name: "Last use", cell: ({ lastUse }) => (lastUse === null ? "never" : <When at={lastUse} />) },
    {
      name: "Made",
      cell: ({ madeAt, madeBy }) => (
        <span class="detail">
          <When at={madeAt} /> by {madeBy}
        </span>
      ),
    },
    {
      name: "Change",
      cell: (key) =>
        key.state === "active" && (
          <span class="row-actions">
            {key.replacedBy === null && (
              <button type="button" aria-label={`Rotate ${key.name}`} onClick={() => act({ kind: "rotate", key })}>
                Rotate
              </button>
            )}
            <button type="button" aria-label={`Revoke ${key.name}`} onClick={() => act({ kind: "revoke", key })}>
              Revoke
            </button>
          </span>
        ),
    },
  ];
}

/** For whom the gateway takes this page. */
function WhoAsks() {
  const who = session.value;
  if (who === null || who.kind === "nobody") return null;
  return (
    <p class="aside">
      {who.kind === "local"
        ? "Nobody needs a key here: whoever reaches this gateway may do everything."
        : `You are ${who.name}, with the role ${who.roles.join(", ")}, by ${who.kind === "key" ? "a key" : "signing in"}.`}
    </p>
  );
}

/** A key is shown once: the gateway has its hash alone. */
function Made({ made, onKept }: { readonly made: MadeKey; readonly onKept: () => void }) {
  return (
    <section class="empty" role="status" aria-label="The new key">
      <p>
        <Mark kind="warn">This key is shown once.</Mark> Keep it where only its user can read it.
        {made.replaces !== null && made.oldEnds !== null && (
          <>
            {" "}
            The key {made.replaces} ends <When at={made.oldEnds} />.
          </>
        )}
      </p>
      <p class="command">
        <code>{made.key}</code> <Copy text={made.key}>Copy</Copy>
      </p>
      <div class="actions">
        {apiKey.value === "" && session.value?.kind !== "person" && (
          <button type="button" onClick={() => (apiKey.value = made.key)}>
            Use it in this page
          </button>
        )}
        <button type="button" onClick={onKept}>
          It is kept: hide it
        </button>
      </div>
    </section>
  );
}

type FormProps = {
  readonly doing: Doing;
  readonly active: readonly Key[];
  readonly onDone: (answer: unknown) => void;
};

function Form({ doing, active, onDone }: FormProps) {
  if (doing.kind === "new") {
    return (
      <ActForm
        key="new"
        label="Make the key"
        method="POST"
        path="/v1/keys"
        fields={session.value?.kind === "local" ? FIRST : NEW}
        bodyOf={({ name, role, topics, subjects, expires }) => ({
          name,
          roles: [role],
          topics: listOf(topics),
          subjects: listOf(subjects),
          expires: expires === "" ? null : expires,
        })}
        onDone={onDone}
      />
    );
  }
  const { key, kind } = doing;
  const path = `/v1/keys/${key.id}/${kind}`;
  if (kind === "rotate") {
    return (
      <ActForm
        key={path}
        label={`Rotate ${key.name}`}
        method="POST"
        path={path}
        fields={ROTATE}
        bodyOf={({ overlap, expires }) => ({
          ...(overlap === "" ? {} : { overlap }),
          expires: expires === "" ? null : expires,
        })}
        onDone={onDone}
      />
    );
  }
  return <Revoke of={key} path={path} active={active} onDone={onDone} />;
}

type RevokeProps = Omit<FormProps, "doing"> & { readonly of: Key; readonly path: string };

function Revoke({ of: key, path, active, onDone }: RevokeProps) {
  const admins = active.filter(isAdmin);
  if (session.value?.kind === "key" && admins.length === 1 && admins[0]?.id === key.id) {
    return (
      <p role="status">
        <Mark kind="warn">{key.name} is the last key of an admin: without it nobody could make another.</Mark> Rotate
        it, with 0s for the old key, which ends it at once; or make another admin's first.
      </p>
    );
  }
  return (
    <>
      <p>
        <Mark kind="warn">Whoever uses {key.name} is refused within a second, for good.</Mark>{" "}
        {key.lastUse === null ? (
          "It was never used."
        ) : (
          <>
            It was used last at <When at={key.lastUse} />.
          </>
        )}{" "}
        {counted(active.length - 1, "active key")} of {active.length} stay.
      </p>
      <ActForm
        key={path}
        label="Revoke 1 key"
        method="POST"
        path={path}
        fields={[{ name: "name", label: `Type ${key.name}`, hint: "", only: key.name }]}
        bodyOf={() => ({})}
        onDone={onDone}
      />
    </>
  );
}

/** A limited key may not change keys. */
function isAdmin({ roles, topics, subjects }: Key): boolean {
  return roles.includes("admin") && topics.length === 0 && subjects.length === 0;
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
