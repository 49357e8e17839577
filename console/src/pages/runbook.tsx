import { useEffect, useState } from "preact/hooks";
import { Loading } from "../parts/loading.tsx";
import { Title } from "../parts/title.tsx";
import { Markdown } from "../runbooks/markdown.tsx";
import { readRunbook } from "../runbooks/runbooks.ts";

type Found = { readonly name: string; readonly text: string | null };

/** What a code means, how to look, and what to do. */
export function RunbookPage({ name = "" }: { readonly name?: string }) {
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    let isOld = false;
    const read = async (): Promise<void> => {
      const text = await readRunbook(name).catch(() => null);
      if (!isOld) setFound({ name, text });
    };
    void read();
    return () => (isOld = true);
  }, [name]);
  if (found?.name !== name) return <Loading />;
  const title = /^# (.*)$/m.exec(found.text ?? "")?.[1] ?? "No such runbook";
  return (
    <article class="runbook">
      <Title>{title}</Title>
      {found.text === null ? (
        <p>
          There is no runbook of that name. <a href="/runbooks/README">All runbooks</a>
        </p>
      ) : (
        <>
          <Markdown text={found.text.replace(/^# .*$/m, "")} />
          {name !== "README" && (
            <p>
              <a href="/runbooks/README">All runbooks</a>
            </p>
          )}
        </>
      )}
    </article>
  );
}
