/** What the service promises, and is measured by. */
export const OBJECTIVE_SETTINGS = {
  objectives: {
    value: { kind: "objectives" },
    byDefault: [],
    description:
      "What is promised. A list of name, kind (availability, quality or freshness), contract, target as 99.5%, window as 30d, and within as 5s (freshness); as text: name=kind:contract:target/window, with @within behind the window, separated by commas",
  },
} as const;
