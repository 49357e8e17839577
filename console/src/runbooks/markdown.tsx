import type { ComponentChildren } from "preact";

/**
 * Shows the Markdown that runbooks are written in: headings, paragraphs, lists, blocks of code; within lines code, emphasis and links. It
 * makes elements and never HTML of a text.
 */
export function Markdown({ text }: { readonly text: string }) {
  return <>{blocksOf(text).map(blockView)}</>;
}

type Block =
  | { readonly kind: "heading"; readonly level: number; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "list"; readonly isOrdered: boolean; readonly items: readonly string[] }
  | { readonly kind: "paragraph"; readonly text: string };

function blocksOf(text: string): readonly Block[] {
  const parts = text.split(/^(```[^\n]*\n[\s\S]*?^```)$/m);
  return parts.flatMap((part): readonly Block[] => {
    const code = /^```[^\n]*\n([\s\S]*?)\n?```$/.exec(part)?.[1];
    if (code !== undefined) return [{ kind: "code", text: code }];
    return part
      .split(/\n{2,}|\n(?=#)/)
      .map((one) => one.trim())
      .filter((one) => one !== "")
      .map(plainBlock);
  });
}

function plainBlock(text: string): Block {
  const heading = /^(#{1,6}) (.*)$/.exec(text);
  if (heading !== null) return { kind: "heading", level: heading[1]?.length ?? 1, text: heading[2] ?? "" };
  if (!/^(?:\d+\.|-) /.test(text)) return { kind: "paragraph", text };
  const items = text.split(/\n(?=(?:\d+\.|-) )/).map((item) => item.replace(/^(?:\d+\.|-) /, ""));
  return { kind: "list", isOrdered: /^\d/.test(text), items };
}

function blockView(block: Block): ComponentChildren {
  switch (block.kind) {
    case "heading":
      return block.level <= 2 ? <h2>{inline(block.text)}</h2> : <h3>{inline(block.text)}</h3>;
    case "code":
      return (
        <div class="scroll" tabIndex={0} role="region" aria-label="Command">
          <pre class="raw">{block.text}</pre>
        </div>
      );
    case "list": {
      const items = block.items.map((item) => <li>{inline(item)}</li>);
      return block.isOrdered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case "paragraph":
      return <p>{inline(block.text)}</p>;
  }
}

function inline(text: string): ComponentChildren {
  return text.split(/(`[^`]+`|\[[^\]]+\]\([^)]+\)|\*\*[^*]+\*\*|_[^_]+_(?!\w))/).map((part) => {
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part);
    if (link !== null) return linkTo(link[1] ?? "", link[2] ?? "");
    if (/^`.+`$/s.test(part)) return <code>{part.slice(1, -1)}</code>;
    if (/^\*\*.+\*\*$/s.test(part)) return <strong>{part.slice(2, -2)}</strong>;
    if (/^_.+_$/s.test(part)) return <em>{part.slice(1, -1)}</em>;
    return part;
  });
}

/** Another runbook is a page here. Other documents are not part of the console: where they are is said. */
function linkTo(words: string, target: string): ComponentChildren {
  const name = /^([\w-]+)\.md$/.exec(target)?.[1];
  if (name !== undefined) return <a href={`/runbooks/${name}`}>{words.replaceAll("`", "")}</a>;
  const document = /^\.\.\/([\w/-]+\.md)/.exec(target)?.[1];
  if (document === undefined) return words;
  const isNamed = document.toLowerCase() === `${words.toLowerCase()}.md`;
  return (
    <>
      {isNamed ? "" : `${words}, `}
      <code>docs/{document}</code>
    </>
  );
}
