import { setInterval } from "node:timers";
import { openKafkaSource } from "../../../src/source/kafka/source.ts";

// A member of a group, until it is killed: says what it was given, whenever that changes.
const [brokers = "", topic = "", groupId = "", instanceId = "", sessionMs = ""] = process.argv.slice(2);

const source = await openKafkaSource({
  connection: { brokers: [brokers], tls: null, sasl: null },
  topics: [topic],
  group: { groupId, instanceId: instanceId === "" ? null : instanceId, sessionTimeoutMs: Number(sessionMs) },
  acceptCompacted: [],
  fetchWaitMs: 250,
});
const say = async (): Promise<void> => {
  const streams = await source.streams();
  process.stdout.write(`has ${streams.map(({ partition }) => partition).join(",")}\n`);
};
source.onStreamsChange?.(() => void say());
await say();
setInterval(() => undefined, 60_000);
