import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { KafkaConfig } from "../../../src/config/kafka-config.ts";
import { readKafkaCredentials } from "../../../src/config/kafka-credentials.ts";
import { Unavailable } from "../../../src/core/unavailable.ts";
import { createAppender } from "../../../src/source/kafka/append.ts";
import { openKafkaSource } from "../../../src/source/kafka/source.ts";
import type { Log, Source } from "../../../src/source/source.ts";
import { PATIENCE_MS } from "../../patience.ts";
import { createTopic, withAdmin } from "../../servers/kafka-for-tests.ts";
import { SHORT_LIVED, startKafka, type KafkaServer } from "../../servers/kafka.ts";
import { makeCertificates, tlsListener, type Certificates } from "./certificates.ts";
import { saslListener, setScramPassword, unsignedToken } from "./credentials.ts";

const USER = "alice";
const PASSWORD = "correct horse=battery,staple ";
const WRONG = "swordfish-is-not-it";
const TOPIC = "secured";

const directory = mkdtempSync(join(tmpdir(), "sigma-security-"));
let files: Certificates;
let kafka: KafkaServer;

beforeAll(async () => {
  files = makeCertificates(directory);
  const settings = [
    ...["TLS", "MUTUAL", "BOTH"].flatMap((name) => tlsListener(name, files)),
    "listener.name.mutual.ssl.client.auth=required",
    ...["SASL", "BOTH"].flatMap((name) => saslListener(name, USER, PASSWORD)),
  ];
  const listeners = [
    { name: "TLS", protocol: "SSL" },
    { name: "MUTUAL", protocol: "SSL" },
    { name: "SASL", protocol: "SASL_PLAINTEXT" },
    { name: "BOTH", protocol: "SASL_SSL" },
  ] as const;
  kafka = await startKafka(settings, listeners, SHORT_LIVED);
  await setScramPassword(kafka.brokers, USER, PASSWORD);
  await createTopic(kafka.brokers, TOPIC, 1);
});

afterAll(async () => {
  await kafka.stop();
  rmSync(directory, { recursive: true, force: true });
});

type Security = Pick<KafkaConfig, "tls" | "sasl">;

const sasl = (mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512", password: string): Security["sasl"] => ({
  mechanism,
  username: USER,
  password,
  passwordFile: null,
});
const tls = (caFile: string | null, client: { cert: string; key: string } | null = null): Security["tls"] => ({
  caFile,
  certFile: client?.cert ?? null,
  keyFile: client?.key ?? null,
});
const bearer = (token: string): Security["sasl"] => {
  const tokenFile = join(directory, "token");
  writeFileSync(tokenFile, `${token}\n`);
  return { mechanism: "OAUTHBEARER", tokenFile };
};

async function open(broker: string, security: Partial<Security>): Promise<Source & Log> {
  const source = await openKafkaSource({
    connection: readKafkaCredentials({ brokers: [broker], tls: null, sasl: null, ...security }),
    topics: [TOPIC],
    group: null,
    acceptCompacted: [],
    fetchWaitMs: 250,
  });
  onTestFinished(source.close);
  return source;
}

/** The bytes of the record at an offset. */
async function read(source: Source, offset: bigint): Promise<string | null> {
  const [stream] = await source.streams();
  const limits = { bytesMax: 1_000_000, recordsMax: 1, waitMs: PATIENCE_MS };
  const fetched = await source.fetch(stream!, offset, limits, new AbortController().signal);
  return fetched.kind === "records" ? Buffer.from(fetched.read()[0]?.value ?? []).toString() : null;
}

async function appendAndRead(broker: string, security: Partial<Security>): Promise<string | null> {
  const source = await open(broker, security);
  const text = `{"broker":"${broker}"}`;
  const record = { key: null, headers: [], value: Buffer.from(text), partition: null };
  const [appended] = await source.append(TOPIC, [record]);
  return read(source, appended!.offset);
}

/** The codes with which reading and appending are refused, each without the secret in any text. */
async function refusals(broker: string, security: Partial<Security>): Promise<readonly string[]> {
  const connection = readKafkaCredentials({ brokers: [broker], tls: null, sasl: null, ...security });
  const appender = createAppender(connection);
  onTestFinished(appender.close);
  const record = { key: null, headers: [], value: Buffer.from("{}"), partition: null };
  const errors = await Promise.all(
    [open(broker, security), appender.append(TOPIC, [record])].map(async (run) =>
      run.then(
        () => new Error("it was accepted"),
        (error: unknown) => error,
      ),
    ),
  );
  return errors.map((error) => {
    if (!(error instanceof Unavailable)) throw error;
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(WRONG);
    return error.code;
  });
}

describe("TLS", () => {
  test("reads and appends where the broker alone shows a certificate, by its name and by its address", async () => {
    const address = kafka.listener("TLS");
    const security = { tls: tls(files.ca) };
    expect(await appendAndRead(address, security)).toContain(address);
    const named = address.replace("127.0.0.1", "localhost");
    expect(await appendAndRead(named, security)).toContain(named);
  });

  test("reads and appends where both sides show one", async () => {
    const address = kafka.listener("MUTUAL");
    expect(await appendAndRead(address, { tls: tls(files.ca, files.client) })).toContain(address);
  });

  test("a broker that another authority signed, or none that we know, is LOG_TLS", async () => {
    const address = kafka.listener("TLS");
    expect(await refusals(address, { tls: tls(files.otherCa) })).toEqual(["LOG_TLS", "LOG_TLS"]);
    expect(await refusals(address, { tls: tls(null) })).toEqual(["LOG_TLS", "LOG_TLS"]);
  });

  test("TLS on one side only is LOG_TLS", async () => {
    expect(await refusals(kafka.listener("TLS"), {})).toEqual(["LOG_TLS", "LOG_TLS"]);
    expect(await refusals(kafka.brokers, { tls: tls(files.ca) })).toEqual(["LOG_TLS", "LOG_TLS"]);
  });

  // The alert comes after the handshake, and the driver keeps only that the connection was closed.
  test("a client without the certificate that the broker wants is Unavailable", async () => {
    const address = kafka.listener("MUTUAL");
    const codes = ["LOG_UNREACHABLE", "LOG_UNREACHABLE"];
    expect(await refusals(address, { tls: tls(files.ca) })).toEqual(codes);
    expect(await refusals(address, { tls: tls(files.ca, files.stranger) })).toEqual(codes);
  });

  test("a key that does not belong to the certificate is LOG_TLS", async () => {
    const mixed = { cert: files.client.cert, key: files.stranger.key };
    expect(await refusals(kafka.listener("MUTUAL"), { tls: tls(files.ca, mixed) })).toEqual(["LOG_TLS", "LOG_TLS"]);
  });

  test("a file that cannot be read is named", () => {
    const missing = join(directory, "missing.pem");
    const connect = (): unknown => readKafkaCredentials({ brokers: ["h:1"], tls: tls(missing), sasl: null });
    expect(connect).toThrow(`Cannot read "${missing}": it does not exist`);
  });
});

describe.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)("SASL %s", (mechanism) => {
  test("reads and appends with the right password, and over TLS", async () => {
    const security = { sasl: sasl(mechanism, PASSWORD) };
    expect(await appendAndRead(kafka.listener("SASL"), security)).toContain(kafka.listener("SASL"));
    const over = { ...security, tls: tls(files.ca) };
    expect(await appendAndRead(kafka.listener("BOTH"), over)).toContain(kafka.listener("BOTH"));
  });

  test("the wrong password is LOG_UNAUTHORIZED within seconds, and in no text", async () => {
    const codes = ["LOG_UNAUTHORIZED", "LOG_UNAUTHORIZED"];
    expect(await refusals(kafka.listener("SASL"), { sasl: sasl(mechanism, WRONG) })).toEqual(codes);
  });
});

describe("SASL OAUTHBEARER", () => {
  test("reads and appends with a token", async () => {
    const security = { sasl: bearer(unsignedToken(USER, 600)) };
    expect(await appendAndRead(kafka.listener("SASL"), security)).toContain(kafka.listener("SASL"));
  });

  test("a token that has run out, or is none, is LOG_UNAUTHORIZED within seconds, and in no text", async () => {
    const codes = ["LOG_UNAUTHORIZED", "LOG_UNAUTHORIZED"];
    expect(await refusals(kafka.listener("SASL"), { sasl: bearer(unsignedToken(USER, -600)) })).toEqual(codes);
    expect(await refusals(kafka.listener("SASL"), { sasl: bearer(WRONG) })).toEqual(codes);
  });
});

describe("credentials that change while the gateway runs", () => {
  test("the password in the file is the one of the next connection", async () => {
    const passwordFile = join(directory, "password");
    writeFileSync(passwordFile, `${PASSWORD}\n`);
    const source = await open(kafka.listener("SASL"), {
      sasl: { mechanism: "SCRAM-SHA-512", username: USER, password: null, passwordFile },
    });
    await source.append(TOPIC, [{ key: null, headers: [], value: Buffer.from("{}"), partition: 0 }]);
    const outcome = async (): Promise<string> =>
      read(source, 0n).then(
        () => "read",
        (error: unknown) => (error instanceof Unavailable ? error.code : String(error)),
      );
    expect(await outcome()).toBe("read");
    await setScramPassword(kafka.brokers, USER, "rotated");
    onTestFinished(async () => setScramPassword(kafka.brokers, USER, PASSWORD));
    await kafka.restart();
    await expect.poll(outcome).toBe("LOG_UNAUTHORIZED");
    rmSync(passwordFile);
    await expect.poll(outcome).toBe("LOG_CANTOPEN");
    writeFileSync(passwordFile, "rotated\n");
    await expect.poll(outcome).toBe("read");
  });
});

describe("certificates that change while the gateway runs", () => {
  test("are those of the next connection; half of a pair leaves the one before", async () => {
    const own = {
      cert: join(directory, "own.pem"),
      key: join(directory, "own.key"),
      ca: join(directory, "own-ca.pem"),
    };
    const put = (into: string, from: string): void => writeFileSync(into, readFileSync(from));
    put(own.cert, files.stranger.cert);
    put(own.key, files.stranger.key);
    put(own.ca, files.otherCa);
    const connection = readKafkaCredentials({
      brokers: [kafka.listener("MUTUAL")],
      tls: tls(own.ca, own),
      sasl: null,
    });
    // One client, for which nothing is read anew but by what it does itself.
    const appender = createAppender(connection);
    onTestFinished(appender.close);
    const outcome = async (): Promise<string> =>
      appender.append(TOPIC, [{ key: null, headers: [], value: Buffer.from("{}"), partition: null }]).then(
        () => "appended",
        (error: unknown) => (error instanceof Unavailable ? error.code : String(error)),
      );
    expect(await outcome()).toBe("LOG_TLS");
    put(own.ca, files.ca);
    put(own.cert, files.client.cert);
    put(own.key, files.client.key);
    await expect.poll(outcome, { timeout: PATIENCE_MS }).toBe("appended");
    // The certificate of another key, and then nothing that can be read: connections go on with what there was.
    put(own.cert, files.stranger.cert);
    rmSync(own.ca);
    await kafka.restart();
    await expect.poll(outcome, { timeout: PATIENCE_MS }).toBe("appended");
  });
});

test("a topic that is not there is LOG_TOPIC_MISSING for who appends", async () => {
  const appender = createAppender({ brokers: [kafka.brokers], tls: null, sasl: null });
  onTestFinished(appender.close);
  const appending = appender.append("TLS", [{ key: null, headers: [], value: null, partition: null }]);
  await expect(appending).rejects.toMatchObject({ code: "LOG_TOPIC_MISSING" });
});

describe("a member that is killed", () => {
  test("has its partitions back at once when it has a name that outlives it, and nobody else moves", async () => {
    const { first, stay } = await group("static", ["one", "two"], 60_000);
    const [before, staying] = [first.partitions(), stay.partitions()];
    await first.kill();
    const again = await startMember("static", "one", 60_000);
    // Had the session of the dead one ended first, the other would have been given all, and then less.
    expect([again.partitions(), stay.partitions(), stay.moves()]).toEqual([before, staying, 0]);
  });

  test("leaves its partitions waiting for the session timeout when it has none", async () => {
    const { first } = await group("dynamic", ["", ""], SHORT_SESSION_MS);
    const before = await membersOf("dynamic");
    await first.kill();
    expect(await membersOf("dynamic")).toEqual(before);
    await startMember("dynamic", "", SHORT_SESSION_MS);
    // It had nothing before one of the two was struck off.
    const after = await membersOf("dynamic");
    expect([after.length, before.filter((id) => after.includes(id)).length]).toEqual([2, 1]);
  });
});

const SHORT_SESSION_MS = 10_000;

/** Ids of the members that the broker believes in. */
async function membersOf(topic: string): Promise<readonly string[]> {
  return withAdmin(kafka.brokers, async (admin) => {
    const groups = await admin.describeGroups({ groups: [`group-${topic}`] });
    return [...(groups.get(`group-${topic}`)?.members.keys() ?? [])].toSorted();
  });
}

type Member = {
  readonly partitions: () => string;
  /** How often it was given other partitions since the group was complete. */
  readonly moves: () => number;
  readonly settled: () => void;
  readonly kill: () => Promise<void>;
};

/** A group of two members that share four partitions. */
async function group(topic: string, [one, two]: readonly [string, string], sessionMs: number) {
  await createTopic(kafka.brokers, topic, 4);
  const first = await startMember(topic, one, sessionMs);
  const stay = await startMember(topic, two, sessionMs);
  const all = (): readonly string[] => `${first.partitions()},${stay.partitions()}`.split(",").toSorted();
  await expect.poll(all).toEqual(["0", "1", "2", "3"]);
  stay.settled();
  return { first, stay };
}

async function startMember(topic: string, instance: string, sessionMs: number): Promise<Member> {
  const child = spawn(
    process.execPath,
    [
      new URL("member.child.ts", import.meta.url).pathname,
      kafka.brokers,
      topic,
      `group-${topic}`,
      instance,
      String(sessionMs),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const given: string[] = [];
  let moves = 0;
  await new Promise<void>((found, lost) => {
    child.on("exit", () => lost(new Error("the member ended")));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [, partitions] = /^has (\d.*)$/.exec(line) ?? [];
      if (partitions === undefined) return;
      given.push(partitions);
      moves += 1;
      found();
    });
  });
  return {
    partitions: () => given.at(-1) ?? "",
    moves: () => moves,
    settled: () => (moves = 0),
    kill: async () => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
