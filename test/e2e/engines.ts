import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { Producer, ProduceAcks } from "@platformatic/kafka";
import { onTestFinished } from "vitest";
import { expectCleanOutput } from "../output.ts";
import { kafkaForFile } from "../servers/kafka-for-tests.ts";
import { mongoForTests } from "../servers/with-mongo.ts";

const SIGMA = resolve(import.meta.dirname, "../../bin/sigma.js");

/** A real broker and a real replica set for the tests of a file. */
export function engines(): {
  readonly kafka: ReturnType<typeof kafkaForFile>["server"];
  readonly mongo: ReturnType<typeof mongoForTests>["server"];
} {
  const { server: kafka } = kafkaForFile();
  const { server: mongo } = mongoForTests(1);
  return { kafka, mongo };
}

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Another build than the checkout: its path, and what its output is held against. */
type ProgramBuild = { readonly sigma: string; readonly expectClean: (text: string) => void };

/** The program with its engines, in a process of its own. */
export class Program {
  readonly env: Readonly<Record<string, string>>;
  private readonly sigma: string;
  private readonly expectClean: (text: string) => void;

  constructor(
    brokers: string,
    mongodbUri: string,
    topic: string,
    more: Readonly<Record<string, string>> = {},
    { sigma, expectClean }: Partial<ProgramBuild> = {},
  ) {
    this.sigma = sigma ?? SIGMA;
    this.expectClean = expectClean ?? expectCleanOutput;
    this.env = {
      KAFKA_BROKERS: brokers,
      MONGODB_URI: mongodbUri,
      SIGMA_SOURCES: `${topic}=shipment@1`,
      SIGMA_KAFKA_GROUP: `group-${topic}`,
      SIGMA_KAFKA_SESSION_TIMEOUT_SECONDS: "6",
      NO_COLOR: "1",
      ...more,
    };
  }

  async run(...args: readonly string[]): Promise<Ran> {
    const child = this.spawn(args);
    const out = capture(child);
    const [code] = (await once(child, "close")) as [number | null];
    return { code, ...out() };
  }

  /** A command that goes on until it is ended. It is killed when the test ends. */
  begin(...args: readonly string[]): Begun {
    const child = this.spawn(args);
    const out = capture(child);
    onTestFinished(() => {
      child.kill("SIGKILL");
      this.expectClean(out().stdout + out().stderr);
    });
    const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...out() }));
    return { child, ended, output: out };
  }

  /** A gateway that is ready to be asked. It is killed when the test ends. */
  async start(level = "warn"): Promise<Gateway> {
    const child = this.spawn(["start", "--port", "0", "--json", "--log-level", level]);
    const out = capture(child);
    onTestFinished(() => {
      child.kill("SIGKILL");
      this.expectClean(out().stdout + out().stderr);
    });
    const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...out() }));
    const url = await new Promise<string>((found, fail) => {
      child.stdout?.on("data", () => {
        const match = /"url":"([^"]+)"/.exec(out().stdout);
        if (match?.[1] !== undefined) found(match[1]);
      });
      void ended.then(({ stdout, stderr }) => fail(new Error(`it ended before it listened: ${stdout}${stderr}`)));
    });
    const gone = ended.then(({ code, stdout, stderr }) => {
      throw new Error(`the gateway ended with ${code ?? String(child.signalCode)}: ${stdout}${stderr}`);
    });
    gone.catch(() => undefined);
    const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
    // Who asks a gateway that ended is told what it said.
    const ready = async (): Promise<Readiness> =>
      readiness(url).catch(async (error: unknown) => (isGone() ? gone : Promise.reject(error)));
    return { child, url, ended, output: out, ready };
  }

  private spawn(args: readonly string[]): ChildProcess {
    const env = { ...process.env, ...this.env };
    return spawn(process.execPath, [this.sigma, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  }
}

/** A command that goes on. */
export type Begun = Pick<Gateway, "child" | "ended" | "output">;

export type Gateway = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly ended: Promise<Ran>;
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  readonly ready: () => Promise<Readiness>;
};

export type Readiness = {
  readonly status: number;
  readonly streams: readonly {
    readonly partition: number;
    readonly state: string;
    readonly settledTo: number | null;
    readonly trouble: { readonly code: string } | null;
  }[];
};

async function readiness(url: string): Promise<Readiness> {
  const response = await fetch(`${url}/readyz`);
  const { streams } = (await response.json()) as Pick<Readiness, "streams">;
  return { status: response.status, streams };
}

function capture(child: ChildProcess): () => { readonly stdout: string; readonly stderr: string } {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
  return () => ({ stdout, stderr });
}

export function shipmentText(id: string, weightKg = 15.2): string {
  return `{"shipment_id":"${id}","weight_kg":${weightKg},"destination":"Dublin","priority":2}`;
}

/** Appends texts to a partition and waits until they are there. */
export async function produce(
  brokers: string,
  topic: string,
  partition: number,
  texts: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const producer = new Producer({ clientId: "tests", bootstrapBrokers: [brokers], acks: ProduceAcks.ALL });
  try {
    const named = new Map(Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]));
    const messages = texts.map((text) => ({ topic, partition, value: Buffer.from(text), headers: named }));
    await producer.send({ messages });
  } finally {
    await producer.close(true);
  }
}
