import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { openKafkaSource } from "../../../src/source/kafka/source.ts";
import { createTopic, deleteTopic, kafkaForFile } from "../../servers/kafka-for-tests.ts";
import { LAW_TOPIC } from "../law-topic.ts";
import { sourceLaws } from "../source-laws.ts";
import { lawOptions } from "./law-options.ts";

const CHILD = new URL("append.child.ts", import.meta.url).pathname;

const kafka = kafkaForFile();

sourceLaws("Kafka", async () => {
  const { brokers, kill, restart } = kafka.server();
  await createTopic(brokers, LAW_TOPIC.name, LAW_TOPIC.partitions);
  onTestFinished(async () => deleteTopic(brokers, LAW_TOPIC.name));
  return {
    open: async () => {
      const source = await openKafkaSource(lawOptions(brokers));
      onTestFinished(source.close);
      return source;
    },
    takeAway: async () => {
      await kill();
      onTestFinished(restart);
    },
    spawnAppender: () => {
      const child = spawn(process.execPath, [CHILD, brokers], { stdio: ["ignore", "pipe", "inherit"] });
      onTestFinished(() => void child.kill("SIGKILL"));
      return child;
    },
  };
});
