import { useState } from "preact/hooks";
import { send } from "../api/client.ts";
import type { Problem } from "../api/types.ts";
import { session } from "../api/session.ts";
import { storedText } from "../shell/stored.ts";
import { fieldText } from "./form-field.ts";
import { Mark } from "./mark.tsx";

/** A field that an action asks for, besides who and why. */
export type AskedField = {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly isOptional?: boolean;
  /** The values to choose from; the first is chosen. */
  readonly options?: readonly string[];
  /** The one text that is taken: who does it has to know of what. */
  readonly only?: string;
};

type Props = {
  /** What the button says: the action with its count. */
  readonly label: string;
  readonly method: "POST" | "PATCH";
  readonly path: string;
  readonly fields?: readonly AskedField[];
  /** What is sent besides who and why. @param given the texts of the fields. */
  readonly bodyOf: (given: Readonly<Record<string, string>>) => object;
  readonly onDone: (answer: unknown) => void;
};

const actor = storedText("actor");

/**
 * A form for something an operator does. It goes into the operator log with who and why. Whoever has a key or a session is known to the
 * gateway by it; anybody else says a name.
 */
export function ActForm({ label, method, path, fields = [], bodyOf, onDone }: Props) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  const isKnown = ["key", "person", "certificate"].includes(session.value?.kind ?? "");
  const submit = async (form: HTMLFormElement): Promise<void> => {
    const data = new FormData(form);
    const given = Object.fromEntries(fields.map(({ name }) => [name, fieldText(data, name)] as const));
    if (!isKnown) actor.value = fieldText(data, "actor");
    const who = isKnown ? {} : { actor: actor.value };
    setSending(true);
    const outcome = await send<unknown>(method, path, { ...who, reason: fieldText(data, "reason"), ...bodyOf(given) });
    setSending(false);
    if (outcome.kind === "answer") onDone(outcome.value);
    else
      setProblem(
        outcome.kind === "unreachable"
          ? `The gateway ${outcome.isSlow === true ? "did not answer in time" : "does not answer"}; look again before you repeat it`
          : wordsOf(outcome.problem),
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
      {fields.map((field) => (
        <Field {...field} />
      ))}
      {!isKnown && (
        <label>
          Your name
          <input name="actor" required defaultValue={actor.value} autocomplete="username" />
        </label>
      )}
      <label class="wide">
        Why
        <input name="reason" required autocomplete="off" />
      </label>
      <button type="submit" disabled={isSending}>
        {label}
      </button>
      {problem !== null && (
        <p role="alert">
          <Mark kind="fail">{problem}</Mark>
        </p>
      )}
    </form>
  );
}

function Field({ name, label, hint, isOptional, options, only }: AskedField) {
  return (
    <label>
      {label}
      {options === undefined ? (
        <input
          name={name}
          required={isOptional !== true}
          placeholder={hint}
          autocomplete="off"
          onInput={({ currentTarget }) =>
            currentTarget.setCustomValidity(
              only === undefined || currentTarget.value === only ? "" : `It has to be ${only}`,
            )
          }
        />
      ) : (
        <select name={name}>
          {options.map((one) => (
            <option>{one}</option>
          ))}
        </select>
      )}
    </label>
  );
}

function wordsOf({ detail, remedy }: Problem): string {
  return remedy === undefined ? detail : `${detail}: ${remedy}`;
}
