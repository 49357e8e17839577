import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Consumer, MessagesStream } from "@platformatic/kafka";
import { expect, onTestFinished, test, vi } from "vitest";
import { giving, numbered, offsetsOf, unique, WITHIN, type Clients } from "./client-facts-clients.ts";

/** What the client does as a member of a group. @param clients of the test that runs */
export function groupFacts(clients: () => Clients): void {
  // Rule: the ledger is the position. Check the assignment before a commit; never start from the committed offset alone.
  test("C1: lets a member that was frozen and replaced commit, behind and ahead of the new owner", async () => {
    const [topic, group] = [await clients().topic(), unique("group")];
    const child = spawn(process.execPath, [`${import.meta.dirname}/zombie.child.ts`, clients().brokers, topic, group], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect(await lines.next()).toMatchObject({ value: "joined" });
    child.kill("SIGSTOP");
    const owner = clients().consumer(group, { clientId: "owner", partitionAssigner: giving(topic, { owner: [0] }) });
    owner.topics.trackAll(topic);
    await owner.joinGroup();
    await owner.commit({ offsets: [{ topic, partition: 0, offset: 50n, leaderEpoch: -1 }] });
    expect(await clients().committed(group, topic)).toBe(50n);

    child.stdin.write("10\n");
    child.kill("SIGCONT");
    expect(await lines.next()).toMatchObject({ value: "committed 10 owning []" });
    expect(await clients().committed(group, topic)).toBe(10n);
    child.stdin.write("90\n");
    expect(await lines.next()).toMatchObject({ value: "committed 90 owning []" });
    expect(await clients().committed(group, topic)).toBe(90n);
    expect(owner.assignments).toEqual([{ topic, partitions: [0] }]);
  });

  // Rule: retries 0 is no fence. After one rejection the next heartbeat joins again, and stale commits are taken.
  test("C1: rejects one commit of an evicted member with retries 0, and takes the next", async () => {
    const [topic, group] = [await clients().topic(), unique("group")];
    const zombie = clients().consumer(group, { clientId: "zombie", retries: 0, heartbeatInterval: 2_000 });
    zombie.topics.trackAll(topic);
    await zombie.joinGroup();
    await clients().admin.removeMembersFromConsumerGroup({ groupId: group });
    const owner = clients().consumer(group, { clientId: "owner", partitionAssigner: giving(topic, { owner: [0] }) });
    owner.topics.trackAll(topic);
    await owner.joinGroup();
    const stale = async (offset: bigint): Promise<void> =>
      zombie.commit({ offsets: [{ topic, partition: 0, offset, leaderEpoch: -1 }] });

    await expect(stale(10n)).rejects.toMatchObject({ errors: [{ apiId: "UNKNOWN_MEMBER_ID" }] });
    await once(zombie, "consumer:group:join");
    expect(zombie.assignments).toEqual([]);
    await stale(90n);
    expect(await clients().committed(group, topic)).toBe(90n);
  });

  // Rule: it cannot be the safety net of a missing commit; we compare with the ledger ourselves.
  test("C3: fails under fallbackMode fail for a partition the member does not own and that has a commit", async () => {
    const [topic, group] = [await clients().topic(2), unique("group")];
    await clients().append(topic, ["0"], 0);
    await clients().append(topic, ["0"], 1);
    await clients().commit(group, topic, 1n, 0);
    await clients().commit(group, topic, 1n, 1);
    const first = clients().consumer(group, {
      clientId: "first",
      partitionAssigner: giving(topic, { first: [0], second: [1] }),
    });
    first.topics.trackAll(topic);
    await first.joinGroup();
    const second = clients().consumer(group, { clientId: "second" });
    const stream = await second.consume({ topics: [topic], mode: "committed", fallbackMode: "fail" });
    const [error] = (await once(stream, "error")) as [Error];
    expect(second.assignments).toEqual([{ topic, partitions: [1] }]);
    expect(error.message).toBe(`Topic ${topic} has no committed offset on partition 0 for group ${group}.`);
  });

  // Rule: the position belongs to the task of a partition and dies with it; nothing of a stream outlives a rebalance.
  test("C5: loses the rewind to the committed offset when data ends a fetch that was in flight over a rebalance", async () => {
    const { topic, seen } = await rebalanced(clients(), 10_000);
    await clients().append(topic, ["10", "11"]);
    await vi.waitFor(() => expect(seen).toHaveLength(12), WITHIN);
    await clients().append(topic, ["12"]);
    await vi.waitFor(() => expect(seen.slice(10)).toEqual([10n, 11n, 12n]), WITHIN);
  });

  // Rule: what was read and not settled may be delivered again; settling is idempotent.
  test("C5: rewinds to the committed offset when the fetch that was in flight over a rebalance came back empty", async () => {
    const { topic, seen } = await rebalanced(clients(), 2_000);
    await vi.waitFor(() => expect(seen).toHaveLength(16), WITHIN);
    await clients().append(topic, ["10", "11"]);
    await vi.waitFor(() => expect(seen.slice(10)).toEqual([4n, 5n, 6n, 7n, 8n, 9n, 10n, 11n]), WITHIN);
  });

  // Rule: our own loop, with a task for each partition, pauses and seeks a partition by not fetching it.
  test("C8: has no public call that pauses, seeks or waits for one partition", () => {
    expect(Object.getOwnPropertyNames(Consumer.prototype).toSorted()).toEqual([
      "close",
      "commit",
      "constructor",
      "consume",
      "coordinatorId",
      "fetch",
      "findGroupCoordinator",
      "getLag",
      "isActive",
      "joinGroup",
      "lastHeartbeat",
      "leaveGroup",
      "listCommittedOffsets",
      "listOffsets",
      "listOffsetsWithTimestamps",
      "startLagMonitoring",
      "stopLagMonitoring",
      "streamContext",
      "streamsCount",
    ]);
    expect(Reflect.get(MessagesStream.prototype, "pause")).toHaveLength(0);
  });

  // Rule: a task may outlive its partition; what it does then has to be refused by the ledger.
  test("C8: hands a partition over without waiting for a listener of its old owner", async () => {
    const [topic, group] = [await clients().topic(), unique("group")];
    const losing = clients().consumer(group, {
      clientId: "losing",
      partitionAssigner: giving(topic, { winning: [0] }),
    });
    losing.topics.trackAll(topic);
    await losing.joinGroup();
    expect(losing.assignments).toEqual([{ topic, partitions: [0] }]);
    const told = once(losing, "consumer:group:rebalance");
    // oxlint-disable-next-line typescript/no-misused-promises -- that its end is not waited for is the point
    losing.on("consumer:group:rebalance", async () => new Promise<never>(() => {}));
    const winning = clients().consumer(group, { clientId: "winning" });
    winning.topics.trackAll(topic);
    await winning.joinGroup();
    expect(winning.assignments).toEqual([{ topic, partitions: [0] }]);
    await told;
  });

  // Rule: groupProtocol "classic" and an eager assignor; a pause of ours is never the client's.
  test.each([
    { protocol: "KIP-848", options: { groupProtocol: "consumer" } },
    { protocol: "cooperative-sticky", options: { protocols: [{ name: "cooperative-sticky", version: 3 }] } },
  ] as const)("C8: resumes a paused stream when a partition is revoked under $protocol", async ({ options }) => {
    const [topic, group] = [await clients().topic(2), unique("group")];
    const first = clients().consumer(group, options);
    const stream = await first.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
    const seen = offsetsOf(stream);
    await vi.waitFor(() => expect(first.assignments).toEqual([{ topic, partitions: [0, 1] }]), WITHIN);
    stream.pause();
    await clients().append(topic, ["0"], 0);
    await clients().append(topic, ["0"], 1);
    expect(seen).toEqual([]);
    const second = clients().consumer(group, options);
    await second.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
    await vi.waitFor(() => expect(second.assignments?.[0]?.partitions).toHaveLength(1), WITHIN);
    expect(stream.isPaused()).toBe(false);
    await vi.waitFor(() => expect(seen).toContain(0n), WITHIN);
  });
}

/** A group that rebalanced: its one member had read 0..9, committed 4 and kept the partition; a fetch is in flight. */
async function rebalanced(
  clients: Clients,
  maxWaitTime: number,
): Promise<{ readonly topic: string; readonly seen: readonly bigint[] }> {
  const [topic, group] = [await clients.topic(), unique("group")];
  await clients.append(topic, numbered(10));
  const keeper = clients.consumer(group, { clientId: "keeper", partitionAssigner: giving(topic, { keeper: [0] }) });
  const stream = await keeper.consume({
    topics: [topic],
    mode: "committed",
    fallbackMode: "earliest",
    autocommit: false,
    maxWaitTime,
  });
  const seen = offsetsOf(stream);
  await vi.waitFor(() => expect(seen).toHaveLength(10), WITHIN);
  await keeper.commit({ offsets: [{ topic, partition: 0, offset: 4n, leaderEpoch: -1 }] });
  const other = clients.consumer(group, { clientId: "other" });
  other.topics.trackAll(topic);
  const rejoined = once(stream, "offsets").then(() => stream.offsetsToFetch.get(`${topic}:0`));
  await other.joinGroup();
  expect(await rejoined).toBe(4n);
  return { topic, seen };
}
