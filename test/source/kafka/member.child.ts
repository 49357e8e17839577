import { setInterval } from "node:timers";
import { openKafkaSource } from "../../../src/source/kafka/source.ts";

// A member of a group, until it is killed: says when it begins to join, and then what it was given, whenever that changes.
const [brokers = "", topic = "", groupId = "", instanceId = ""] = process.argv.slice(2);

process.stdout.write("joining\n");
const source = await openKafkaSource({
  connection: { brokers: [brokers], tls: null, sasl: null },
  topics: [topic],
  group: { groupId, instanceId: instanceId === "" ? null : instanceId, sessionTimeoutMs: 6_000 },
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
