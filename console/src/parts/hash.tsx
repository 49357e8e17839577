const SHOWN = 12;

/** The beginning of a hash; the whole of it is its title. */
export function Hash({ of }: { readonly of: string }) {
  return (
    <code class="digest" title={of}>
      {of.replace(/^sha256:/, "").slice(0, SHOWN)}
    </code>
  );
}
