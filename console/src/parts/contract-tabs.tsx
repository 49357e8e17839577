const TABS = [
  { path: "", name: "Versions" },
  { path: "/diff", name: "Diff" },
  { path: "/migration", name: "Migration" },
  { path: "/what-if", name: "What if" },
] as const;

/** What is said of one contract, page by page. @param now the tab that is shown. */
export function ContractTabs({
  subject,
  now,
}: {
  readonly subject: string;
  readonly now: (typeof TABS)[number]["path"];
}) {
  return (
    <nav class="subpages" aria-label={`Pages of ${subject}`}>
      {TABS.map(({ path, name }) => (
        <a href={`/contracts/${encodeURIComponent(subject)}${path}`} aria-current={path === now ? "page" : undefined}>
          {name}
        </a>
      ))}
    </nav>
  );
}
