import { useEffect, useState } from "preact/hooks";
import { pathOf, send, type Outcome } from "../api/client.ts";
import type { Decision } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { Bytes } from "../parts/bytes.tsx";
import { CopyAs, quoted } from "../parts/copy.tsx";
import { Mark } from "../parts/mark.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { carried } from "../shell/carried.ts";
import { useQuery } from "../shell/url-state.ts";

const QUIET_MS = 200;
const FIRST = '{\n  "shipment_id": "S-1",\n  "weight_kg": 1500,\n  "destination": "Dublin",\n  "priority": 2\n}';

/** A record and a version, judged as one types. Nothing is stored. */
export function Playground() {
  const { query, change } = useQuery();
  const contracts = useAnswer("/v1/contracts");
  const versions = (contracts.value?.contracts ?? []).flatMap(({ subject, versions: all }) =>
    all.filter(({ status }) => status !== "retired").map(({ version }) => `${subject}@${version}`),
  );
  const name = query["contract"] ?? versions[0] ?? "";
  const [text, setText] = useState(() => query["record"] ?? carried.value ?? FIRST);
  const verdict = useVerdict(name, text);
  const [subject = "", version = ""] = name.split("@");
  return (
    <>
      <Title
        aside={
          <CopyAs
            cli={`printf %s ${quoted(text)} | sigma validate - --contract ${name}`}
            path={pathOf("/v1/validate/{subject}", { subject, version })}
            body={text}
          />
        }
      >
        Playground
      </Title>
      <p>Judged as you type, by the very code that decides. Nothing is stored.</p>
      <Trouble of={contracts} />
      <div class="playground">
        <div>
          <label>
            Contract
            <select value={name} onChange={(event) => change({ contract: event.currentTarget.value })}>
              {versions.map((one) => (
                <option value={one}>{one}</option>
              ))}
            </select>
          </label>
          <label class="record">
            Record
            <textarea
              rows={16}
              spellcheck={false}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
        </div>
        <div aria-live="polite">
          {verdict?.kind === "answer" && <Verdict decision={verdict.value} text={text} />}
          {verdict?.kind === "problem" && (
            <p>
              <Mark kind="fail">{verdict.problem.detail}</Mark> <code>{verdict.problem.code}</code>
            </p>
          )}
          {verdict?.kind === "unreachable" && <Mark kind="fail">The gateway does not answer</Mark>}
          <p class="aside">
            POST /v1/validate/{subject}?version={version}
          </p>
        </div>
      </div>
    </>
  );
}

function useVerdict(name: string, text: string): Outcome<Decision> | null {
  const [verdict, setVerdict] = useState<Outcome<Decision> | null>(null);
  useEffect(() => {
    const [subject = "", version] = name.split("@");
    if (subject === "") return undefined;
    let isOld = false;
    const judge = async (): Promise<void> => {
      const outcome = await send<Decision>("POST", pathOf("/v1/validate/{subject}", { subject, version }), text);
      if (!isOld) setVerdict(outcome);
    };
    const timer = setTimeout(() => void judge(), QUIET_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [name, text]);
  return verdict;
}

function Verdict({ decision, text }: { readonly decision: Decision; readonly text: string }) {
  const { status, code, detail, errors = [], id } = decision;
  const marks = errors.flatMap(({ bytes }, index) => {
    const [from, to] = bytes ?? [];
    return from === undefined || to === undefined ? [] : [{ from, to, number: index + 1 }];
  });
  return (
    <>
      <p class="lead">
        <Mark kind={status === "PASSED" ? "pass" : "fail"}>{status}</Mark> {detail}
      </p>
      {id !== undefined && (
        <p>
          Identity <code>{id}</code>
        </p>
      )}
      {errors.length > 0 && (
        <ol class="errors">
          {errors.map(({ pointer, rule, detail: why, keyword }) => (
            <li>
              <code>{rule ?? pointer ?? ""}</code> {why}{" "}
              {keyword !== undefined && <span class="aside">[{keyword}]</span>}
            </li>
          ))}
        </ol>
      )}
      {code !== undefined && <Bytes bytes={new TextEncoder().encode(text)} marks={marks} />}
    </>
  );
}
