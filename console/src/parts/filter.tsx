import { useRef } from "preact/hooks";
import { useShortcuts } from "../shell/shortcuts.ts";
import { fieldText } from "./form-field.ts";
import { useQuery } from "../shell/url-state.ts";

export type FilterField = {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** The values to choose from; the first is what holds without the field. */
  readonly options?: readonly string[];
};

/** The filters of a page. They are in its address. */
export function Filter({ fields }: { readonly fields: readonly FilterField[] }) {
  const { query, change } = useQuery();
  const form = useRef<HTMLFormElement>(null);
  useShortcuts([
    { keys: "/", does: "", run: () => form.current?.querySelector<HTMLElement>("input, select")?.focus() },
  ]);
  const apply = (): void => {
    const given = new FormData(form.current ?? undefined);
    const changes = fields.map(({ name, options }): [string, string] => {
      const value = fieldText(given, name);
      return [name, value === options?.[0] ? "" : value];
    });
    change({ ...Object.fromEntries(changes), cursor: "" });
  };
  return (
    <form
      ref={form}
      class="filter"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      {fields.map(({ name, label, hint, options }) => (
        <label>
          {label}
          {options === undefined ? (
            <input
              name={name}
              defaultValue={query[name] ?? ""}
              key={query[name] ?? ""}
              placeholder={hint}
              autocomplete="off"
              spellcheck={false}
              onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
            />
          ) : (
            <select name={name} value={query[name] ?? options[0]} onChange={apply}>
              {options.map((one) => (
                <option value={one}>{one === "" ? "any" : one}</option>
              ))}
            </select>
          )}
        </label>
      ))}
      <button type="submit">Apply</button>
      <button
        type="button"
        class="quiet"
        onClick={() =>
          change(Object.fromEntries([...fields.map(({ name }) => name), "cursor"].map((name) => [name, ""] as const)))
        }
      >
        Clear
      </button>
    </form>
  );
}
