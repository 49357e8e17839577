import { Agent, request } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";

/** What was acknowledged: positions `[from, to)` of a partition, and whether their records are good. */
export type Acknowledged = {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly passes: boolean;
};

export type Load = {
  readonly acknowledged: readonly Acknowledged[];
  /** End of what was acknowledged, of each partition. */
  readonly ends: ReadonlyMap<number, number>;
  readonly counts: () => Readonly<Record<string, number>>;
  /** What no answer may be. */
  readonly wrong: readonly string[];
  /** Resolves when every producer has its last answer. */
  readonly stop: () => Promise<void>;
};

export type LoadOptions = {
  readonly url: string;
  readonly topic: string;
  /** Records a second, of all producers together. */
  readonly rate: number;
};

type Answer = { readonly status: number; readonly body: string };

/** A body, the headers that say what it is, and how many records it holds. */
type Sent = {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly count: number;
  readonly passes: boolean;
};

/** No request takes as long: a gateway that is frozen or killed answers later, or never. */
const ANSWERED_WITHIN_MS = 20_000;
const LINES = "application/x-ndjson";

/** Several producers at once, each in its own way, until they are stopped. Who gets no answer sends something new. */
export function startLoad({ url, topic, rate }: LoadOptions): Load {
  const acknowledged: Acknowledged[] = [];
  const ends = new Map<number, number>();
  const wrong: string[] = [];
  const counts: Record<string, number> = { requests: 0, records: 0, refused: 0, unanswered: 0 };
  let stopped = false;
  let next = 0;
  const id = (): string => `s-${(next += 1)}`;
  const count = (name: string, by = 1): void => void (counts[name] = (counts[name] ?? 0) + by);
  const note = (passes: boolean, { body }: Answer): void => {
    for (const { partition, from, to } of runsIn(body)) {
      acknowledged.push({ partition, from, to, passes });
      ends.set(partition, Math.max(to, ends.get(partition) ?? 0));
      count("records", to - from);
    }
  };
  const produce = async (share: number, make: () => Sent): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!stopped) {
      const sent = make();
      const began = performance.now();
      const answer = await post(agent, `${url}/v1/events/${topic}`, sent).catch(() => null);
      count("requests");
      if (answer === null) count("unanswered");
      else if (answer.status === 200 || answer.status === 202) note(sent.passes, answer);
      else {
        count("refused");
        if (answer.status !== 503) wrong.push(`${answer.status} ${answer.body.slice(0, 300)}`);
      }
      const dueMs = (1_000 * sent.count) / (rate * share);
      await delay(Math.max(answer === null ? 100 : 0, dueMs - (performance.now() - began)));
    }
    agent.destroy();
  };
  const one = (passes: boolean): Sent => ({
    body: Buffer.from(shipmentText(id(), passes)),
    headers: { "content-type": "application/json" },
    count: 1,
    passes,
  });
  const lines = (records: number, packed: boolean): Sent => {
    const text = Array.from({ length: records }, () => `${shipmentText(id(), true)}\n`).join("");
    const headers = { "content-type": LINES, ...(packed ? { "content-encoding": "gzip" } : {}) };
    return { body: packed ? gzipSync(text) : Buffer.from(text), headers, count: records, passes: true };
  };
  const event = (): Sent => ({
    body: Buffer.from(
      `{"specversion":"1.0","id":"${id()}","source":"/soak","type":"t","data":${shipmentText(id(), true)}}`,
    ),
    headers: { "content-type": "application/cloudevents+json", prefer: "wait=5" },
    count: 1,
    passes: true,
  });
  const running = [
    produce(0.02, () => one(true)),
    produce(0.02, () => one(false)),
    produce(0.02, event),
    produce(0.5, () => lines(500, false)),
    produce(0.44, () => lines(500, true)),
    disturb(url, topic, () => stopped, wrong, count),
  ];
  return {
    acknowledged,
    ends,
    wrong,
    counts: () => counts,
    stop: async () => {
      stopped = true;
      await Promise.all(running);
    },
  };
}

function shipmentText(id: string, passes: boolean): string {
  const weight = passes ? 15.2 : -1;
  return `{"shipment_id":"${id}","weight_kg":${weight},"destination":"Dublin","priority":2}`;
}

/** Positions in an answer, as runs. */
function runsIn(body: string): readonly Omit<Acknowledged, "passes">[] {
  const { positions, ranges, decisions } = JSON.parse(body) as {
    readonly positions?: readonly { readonly partition: number; readonly offset: number }[];
    readonly decisions?: readonly { readonly partition: number; readonly offset: number }[];
    readonly ranges?: readonly { readonly partition: number; readonly from: number; readonly to: number }[];
  };
  const single = (positions ?? decisions ?? []).map(({ partition, offset }) => ({
    partition,
    from: offset,
    to: offset + 1,
  }));
  return ranges ?? single;
}

async function post(agent: Agent, url: string, { body, headers }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS);
    const asked = request(url, {
      method: "POST",
      agent,
      headers: { ...headers, "content-length": body.length },
      signal,
    });
    asked.on("error", reject);
    asked.on("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (text += chunk));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
    });
    asked.end(body);
  });
}

/** What no program should send: nothing of it is to be stored, to stay, or to be answered 500. */
async function disturb(
  url: string,
  topic: string,
  stopped: () => boolean,
  wrong: string[],
  count: (name: string) => void,
): Promise<void> {
  const { port } = new URL(url);
  const head = `POST /v1/events/${topic} HTTP/1.1\r\nHost: localhost\r\n`;
  const texts = [
    "NONSENSE\r\n\r\n",
    `${head}Content-Type: text/csv\r\nContent-Length: 100000\r\n\r\n${"x".repeat(50_000)}`,
    `${head}Content-Type: ${LINES}\r\nContent-Length: 100000\r\n\r\n{"half":`,
    `${head}Content-Type: ${LINES}\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    `${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `${head}Content-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n`,
    "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100),
    `GET /v1/decisions/${topic}/0/0 HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
    "",
  ];
  for (let turn = 0; !stopped(); turn += 1) {
    const text = texts[turn % texts.length] ?? "";
    const answer = await new Promise<string>((resolve) => {
      let came = "";
      const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true }, () => {
        socket.write(text);
        // One of them goes away, one is silent for a while.
        if (turn % 4 === 3) setTimeout(() => socket.destroy(), 500);
        else socket.end();
      });
      socket.on("data", (chunk) => (came += chunk.toString("latin1")));
      socket.on("error", () => undefined);
      socket.setTimeout(ANSWERED_WITHIN_MS, () => socket.destroy());
      socket.on("end", () => socket.end());
      socket.on("close", () => resolve(came));
    });
    count("disturbed");
    if (/HTTP\/1\.1 (?:500|202)/.test(answer)) wrong.push(answer.slice(0, 500));
    await delay(100);
  }
}
