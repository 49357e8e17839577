import { useState } from "preact/hooks";
import type { FailureGroup } from "../api/types.ts";
import { ActForm, type AskedField } from "./act-form.tsx";
import { counted } from "./numbers.ts";

type Action = {
  readonly name: string;
  readonly state?: FailureGroup["state"]["kind"];
  readonly asks?: AskedField;
};

const ACTIONS: readonly Action[] = [
  { name: "Acknowledge", state: "acknowledged" },
  { name: "Fixed in", state: "fixed-in", asks: { name: "version", label: "Version", hint: "2" } },
  { name: "Mute", state: "muted", asks: { name: "until", label: "Until", hint: "7d, or RFC 3339" } },
  { name: "Open", state: "open" },
  { name: "Assign", asks: { name: "owner", label: "Owner", hint: "data-eng" } },
  { name: "Note" },
];

type Props = { readonly fingerprint: string; readonly count: number; readonly onChanged: () => void };

/** What an operator says of a group. No failure is changed by it. */
export function ChangeGroup({ fingerprint, count, onChanged }: Props) {
  const [action, setAction] = useState<Action | null>(null);
  const done = (): void => {
    setAction(null);
    onChanged();
  };
  return (
    <section aria-label="What is done about it">
      <div class="actions">
        {ACTIONS.map((one) => (
          <button type="button" aria-expanded={action === one} onClick={() => setAction(action === one ? null : one)}>
            {one.name}
          </button>
        ))}
      </div>
      {action !== null && (
        <ActForm
          key={action.name}
          label={`${action.name} (${counted(count, "failure")})`}
          method="PATCH"
          path={`/v1/failures/groups/${encodeURIComponent(fingerprint)}`}
          fields={action.asks === undefined ? [] : [action.asks]}
          bodyOf={(given) => ({
            ...(action.state === undefined ? {} : { state: action.state }),
            ...Object.fromEntries(
              Object.entries(given).map(([name, text]) => [name, name === "version" ? Number(text) : text] as const),
            ),
          })}
          onDone={done}
        />
      )}
    </section>
  );
}
