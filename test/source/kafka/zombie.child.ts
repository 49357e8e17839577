import { createInterface } from "node:readline";
import { Consumer } from "@platformatic/kafka";

// node zombie.child.ts <brokers> <topic> <group>: joins the group, says so, and commits each offset told to it by a line
// on stdin; answers with what it then owns.
const [brokers = "", topic = "", groupId = ""] = process.argv.slice(2);
const consumer = new Consumer({
  clientId: "zombie",
  groupId,
  bootstrapBrokers: brokers.split(","),
  autocommit: false,
  sessionTimeout: 6_000,
  rebalanceTimeout: 6_000,
  heartbeatInterval: 200,
  retryDelay: 100,
});
consumer.topics.trackAll(topic);
await consumer.joinGroup();
process.stdout.write("joined\n");
for await (const line of createInterface({ input: process.stdin })) {
  await consumer.commit({ offsets: [{ topic, partition: 0, offset: BigInt(line), leaderEpoch: -1 }] });
  process.stdout.write(`committed ${line} owning ${JSON.stringify(consumer.assignments)}\n`);
}
await consumer.close(true);
