import { Admin, Consumer, Producer } from "@platformatic/kafka";
import { recordClasses } from "./kafka.ts";

// node test/servers/kafka-classes.child.ts FOLDER: leaves in the folder what a broker loads that tests use.
const [, , folder = ""] = process.argv;

await recordClasses(folder, async (brokers) => {
  const own = { clientId: "classes", bootstrapBrokers: [brokers], retries: 5, retryDelay: 200 };
  const topic = "classes";
  const admin = new Admin(own);
  await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
  const producer = new Producer(own);
  await producer.send({ messages: [{ topic, key: Buffer.from("k"), value: Buffer.from("v") }] });
  const consumer = new Consumer({ ...own, groupId: "classes" });
  const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: false });
  for await (const message of stream) {
    await message.commit();
    break;
  }
  await consumer.close(true);
  await producer.close();
  await admin.close();
});
