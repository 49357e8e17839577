import { setTimeout as delay } from "node:timers/promises";
import { Admin, kGetApi, type Connection, type Consumer } from "@platformatic/kafka";
import type { KafkaConnection } from "../kafka-connection.ts";
import { baseOptions } from "./client.ts";

/** How long the group may take for each last word of a member. It takes milliseconds, unless the member waits for others in a rebalance. */
const LAST_WORD_MS = 2_000;

/** How a member ends. */
export type Leaving = {
  /** @param lastWords what is to be said before, if that is possible soon. @param stays its place waits for the next process of its name. */
  readonly leave: (lastWords: () => Promise<void>, stays: boolean) => Promise<void>;
};

/**
 * Lets a member of a group end soon, whatever the group waits for. A broker reads the requests of a connection one after another, and answers
 * a join when all members have joined again or the session of a dead one has ended: a word to the group that is sent behind a join waits
 * for that. So does a commit that the group refuses, since the driver joins again for it.
 */
export function leavingOf(consumer: Consumer, connection: KafkaConnection, groupId: string): Leaving {
  const links = new Set<Connection>();
  consumer.on("client:broker:connect", ({ connection: link }) => void links.add(link));
  consumer.on("client:broker:disconnect", ({ connection: link }) => void links.delete(link));
  return {
    leave: async (lastWords, stays) => {
      await soon(lastWords());
      if (stays) leaveNothing(consumer);
      const { memberId } = consumer;
      const closed = consumer.close(true);
      if (await soon(closed)) return;
      if (memberId !== null) await soon(removeMember(connection, groupId, memberId));
      for (const { socket } of links) socket?.destroy();
      await soon(closed);
    },
  };
}

/** Whether something is over in the time for a last word, one way or another. */
async function soon(running: Promise<unknown>): Promise<boolean> {
  const over = running.then(
    () => true,
    () => true,
  );
  return Promise.race([over, delay(LAST_WORD_MS, false, { ref: false })]);
}

/** Takes a member out of its group, over a connection on which nothing waits. */
async function removeMember(connection: KafkaConnection, groupId: string, memberId: string): Promise<void> {
  const inTime = { connectTimeout: LAST_WORD_MS, requestTimeout: LAST_WORD_MS, timeout: LAST_WORD_MS, retries: 0 };
  const admin = new Admin({ ...baseOptions(connection), ...inTime });
  try {
    await admin.removeMembersFromConsumerGroup({ groupId, members: [{ memberId }] });
  } finally {
    await admin.close();
  }
}

/**
 * Lets a member close without a word to the group, as static members of Kafka's own clients do: the driver always says that it leaves, and
 * its partitions would go to others and come back.
 */
function leaveNothing(consumer: Consumer): void {
  const getApi = consumer[kGetApi].bind(consumer) as (name: string, callback: unknown) => void;
  const said = (...given: readonly unknown[]): void =>
    (given.at(-1) as (error: null, answer: object) => void)(null, {});
  Object.assign(consumer, {
    [kGetApi]: (name: string, callback: unknown): void => {
      if (name === "LeaveGroup") (callback as (error: null, api: typeof said) => void)(null, said);
      else getApi(name, callback);
    },
  });
}
