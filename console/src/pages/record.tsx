import { useEffect, useState } from "preact/hooks";
import { bytesAt, type Outcome } from "../api/client.ts";
import type { Decision, DecisionAndLineage } from "../api/types.ts";
import { useAnswer } from "../api/use-answer.ts";
import { Bytes, type MarkedRange } from "../parts/bytes.tsx";
import { Copy, CopyAs } from "../parts/copy.tsx";
import { positionPath } from "../parts/position.ts";
import { Lineage } from "../parts/lineage.tsx";
import { Loading } from "../parts/loading.tsx";
import { Mark } from "../parts/mark.tsx";
import { Title } from "../parts/title.tsx";
import { Trouble } from "../parts/trouble.tsx";

const PENDING_EVERY_MS = 1_000;

type Place = { readonly topic?: string; readonly partition?: string; readonly offset?: string };

/** One record by its position: what became of it and why, with the bytes marked. */
export function RecordPage({ topic = "", partition = "", offset = "" }: Place) {
  const position = `${topic}/${partition}@${offset}`;
  const path = "/v1/decisions/{topic}/{partition}/{offset}";
  const [isPending, setPending] = useState(true);
  const decision = useAnswer(path, { topic, partition, offset }, isPending ? { everyMs: PENDING_EVERY_MS } : {});
  const status = decision.value?.status;
  useEffect(() => {
    if (status !== undefined) setPending(status === "PENDING");
  }, [status]);
  const asked = `/v1/decisions/${[topic, partition, offset].map(encodeURIComponent).join("/")}`;
  return (
    <>
      <Title name={position} aside={<CopyAs cli={`sigma failures show ${position}`} path={asked} />}>
        {position}
      </Title>
      <Trouble of={decision} />
      {decision.trouble?.kind === "problem" && <Lineage {...decision.trouble.problem} />}
      {decision.value === null && decision.trouble === null && <Loading />}
      {decision.value !== null && <Detail decision={decision.value} />}
    </>
  );
}

function Detail({ decision }: { readonly decision: DecisionAndLineage }) {
  const {
    stream,
    offset,
    status,
    contract,
    declaredBy,
    id,
    duplicate,
    code,
    detail,
    fingerprint,
    rawHash,
    errors = [],
  } = decision;
  const marks: readonly MarkedRange[] = errors.flatMap(({ bytes }, index) => {
    const [from, to] = bytes ?? [];
    return from === undefined || to === undefined ? [] : [{ from, to, number: index + 1 }];
  });
  return (
    <>
      <p class="lead">
        <Mark kind={status === "PASSED" ? "pass" : status === "FAILED" ? "fail" : "info"}>{status}</Mark>{" "}
        {duplicate === true && "as a duplicate: the fact was stored before. "}
        {detail}
      </p>
      <dl class="facts">
        {contract !== undefined && contract !== null && (
          <div>
            <dt>Contract</dt>
            <dd>
              <a href={`/contracts/${encodeURIComponent(contract.subject)}`}>
                {contract.subject}@{contract.version}
              </a>
              {declaredBy !== undefined && declaredBy !== null && <span class="aside"> declared by {declaredBy}</span>}
            </dd>
          </div>
        )}
        <Arrived {...decision} />
        {status !== "PENDING" && stream !== undefined && offset !== undefined && (
          <div>
            <dt>Ledger</dt>
            <dd>
              <a href={`/ledger/proof?stream=${encodeURIComponent(stream)}&offset=${offset}`}>Prove it</a>
            </dd>
          </div>
        )}
        {code !== undefined && <Line name="Code" value={code} />}
        {id !== undefined && <Line name="Id" value={id} />}
        {rawHash !== undefined && <Line name="SHA-256 of the bytes" value={rawHash} />}
        {fingerprint !== undefined && (
          <div>
            <dt>Group</dt>
            <dd>
              <a href={`/failures/g/${fingerprint}`}>{fingerprint}</a>
            </dd>
          </div>
        )}
      </dl>
      {errors.length > 0 && <Errors errors={errors} marks={marks} />}
      <Lineage {...decision} />
      {status === "FAILED" && <Raw path={bytesPath(decision)} marks={marks} />}
      {status === "PASSED" && <Raw path={evidencePath(decision)} marks={[]} />}
    </>
  );
}

/** Where a record of a lane arrived, before it was moved. */
function Arrived({ origin, topic, partition, offset }: DecisionAndLineage) {
  if (origin === undefined) return null;
  const position = `${origin.topic}/${origin.partition}@${origin.offset}`;
  return (
    <div>
      <dt>Arrived at</dt>
      <dd>
        <a href={positionPath(position)}>{position}</a>
        <span class="aside">
          {" "}
          and was moved to the lane {topic}/{partition}@{offset}
        </span>
      </dd>
    </div>
  );
}

/** Where the bytes are asked for. A failure that retention took has them in the evidence only. */
function bytesPath(decision: DecisionAndLineage): string {
  const { topic, partition, offset, taken = [] } = decision;
  if (taken.some(({ what }) => what === "failure")) return evidencePath(decision);
  return `/v1/failures/${encodeURIComponent(`${topic}/${partition}@${offset}`)}/raw`;
}

/** The bytes of any record that was decided, as long as the evidence is kept. */
function evidencePath({
  topic,
  partition,
  offset,
}: Pick<DecisionAndLineage, "topic" | "partition" | "offset">): string {
  return `/v1/decisions/${encodeURIComponent(String(topic))}/${partition}/${offset}/raw`;
}

function Line({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code> <Copy text={value}>Copy</Copy>
      </dd>
    </div>
  );
}

function Errors({
  errors,
  marks,
}: {
  readonly errors: NonNullable<Decision["errors"]>;
  readonly marks: readonly MarkedRange[];
}) {
  return (
    <>
      <h2>Why</h2>
      <ol class="errors">
        {errors.map(({ pointer, detail, expected, got, keyword, rule }, index) => {
          const mark = marks.find(({ number }) => number === index + 1);
          return (
            <li>
              <code>{rule ?? pointer ?? ""}</code> {detail}
              <span class="aside">
                {expected !== undefined && ` expected ${expected}`}
                {got !== undefined && `, got ${got}`}
                {keyword !== undefined && ` [${keyword}]`}
              </span>{" "}
              {mark !== undefined && (
                <a href={`#mark-${mark.number}`}>
                  bytes {mark.from} to {mark.to}
                </a>
              )}
            </li>
          );
        })}
      </ol>
    </>
  );
}

function Raw({ path, marks }: { readonly path: string; readonly marks: readonly MarkedRange[] }) {
  const [outcome, setOutcome] = useState<Outcome<Uint8Array> | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const read = async (): Promise<void> => {
      const one = await bytesAt(path, stop.signal);
      if (!stop.signal.aborted) setOutcome(one);
    };
    void read();
    return () => stop.abort();
  }, [path]);
  return (
    <>
      <h2>The record, byte for byte</h2>
      {outcome === null && <Loading />}
      {outcome?.kind === "answer" && <Bytes bytes={outcome.value} marks={marks} />}
      {outcome?.kind === "problem" && (
        <p>
          <Mark kind="info">{outcome.problem.detail}</Mark>
        </p>
      )}
      {outcome?.kind === "unreachable" && <p role="alert">The gateway does not answer.</p>}
    </>
  );
}
