import { useState } from "preact/hooks";
import { send } from "../api/client.ts";
import type { FailureGroup, Problem } from "../api/types.ts";
import { storedText } from "../shell/stored.ts";
import { fieldText } from "./form-field.ts";
import { Mark } from "./mark.tsx";
import { counted } from "./numbers.ts";

type Action = {
  readonly name: string;
  readonly state?: FailureGroup["state"]["kind"];
  /** The field that the action needs besides the reason. */
  readonly asks?: { readonly member: "version" | "until" | "owner"; readonly label: string; readonly hint: string };
};

const ACTIONS: readonly Action[] = [
  { name: "Acknowledge", state: "acknowledged" },
  { name: "Fixed in", state: "fixed-in", asks: { member: "version", label: "Version", hint: "2" } },
  { name: "Mute", state: "muted", asks: { member: "until", label: "Until", hint: "7d, or RFC 3339" } },
  { name: "Open", state: "open" },
  { name: "Assign", asks: { member: "owner", label: "Owner", hint: "data-eng" } },
  { name: "Note" },
];

const actor = storedText("actor");

/** What an operator says of a group. It goes into the operator log, with the name and the reason; no failure is changed. */
export function ChangeGroup({
  fingerprint,
  count,
  onChanged,
}: {
  readonly fingerprint: string;
  readonly count: number;
  readonly onChanged: () => void;
}) {
  const [action, setAction] = useState<Action | null>(null);
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
        <ActionForm
          action={action}
          key={action.name}
          fingerprint={fingerprint}
          count={count}
          onDone={() => {
            setAction(null);
            onChanged();
          }}
        />
      )}
    </section>
  );
}

type FormProps = {
  readonly action: Action;
  readonly fingerprint: string;
  readonly count: number;
  readonly onDone: () => void;
};

function ActionForm({ action, fingerprint, count, onDone }: FormProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  const submit = async (form: HTMLFormElement): Promise<void> => {
    const given = new FormData(form);
    const asked = action.asks === undefined ? null : fieldText(given, "asked");
    actor.value = fieldText(given, "actor");
    setSending(true);
    const body = {
      actor: actor.value,
      reason: fieldText(given, "reason"),
      ...(action.state === undefined ? {} : { state: action.state }),
      ...(action.asks === undefined || asked === null
        ? {}
        : { [action.asks.member]: action.asks.member === "version" ? Number(asked) : asked }),
    };
    const outcome = await send<FailureGroup>("PATCH", `/v1/failures/groups/${encodeURIComponent(fingerprint)}`, body);
    setSending(false);
    if (outcome.kind === "answer") onDone();
    else
      setProblem(
        outcome.kind === "unreachable" ? "The gateway does not answer; nothing was kept" : wordsOf(outcome.problem),
      );
  };
  return (
    <form
      class="action"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      {action.asks !== undefined && (
        <label>
          {action.asks.label}
          <input name="asked" required placeholder={action.asks.hint} autocomplete="off" />
        </label>
      )}
      <label>
        Your name
        <input name="actor" required defaultValue={actor.value} autocomplete="username" />
      </label>
      <label class="wide">
        {action.name === "Note" ? "Note" : "Why"}
        <input name="reason" required autocomplete="off" />
      </label>
      <button type="submit" disabled={isSending}>
        {action.name} ({counted(count, "failure")})
      </button>
      {problem !== null && (
        <p role="alert">
          <Mark kind="fail">{problem}</Mark>
        </p>
      )}
    </form>
  );
}

function wordsOf({ detail, remedy }: Problem): string {
  return remedy === undefined ? detail : `${detail}: ${remedy}`;
}
