import { useLocation } from "preact-iso/router";

/** The filters of a page, in its address: a view can be linked, and the back button works. */
export function useQuery(): {
  readonly query: Readonly<Record<string, string>>;
  /** Changes filters. An empty value takes one away. */
  readonly change: (changes: Readonly<Record<string, string>>) => void;
} {
  const { path, query, route } = useLocation();
  return {
    query,
    change: (changes) => {
      const next = new URLSearchParams(query);
      for (const [name, value] of Object.entries(changes)) {
        if (value === "") next.delete(name);
        else next.set(name, value);
      }
      const text = next.toString();
      route(text === "" ? path : `${path}?${text}`, true);
    },
  };
}
