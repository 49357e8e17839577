import {
  Consumer,
  createAPI,
  fetchV13,
  fetchV14,
  fetchV15,
  fetchV16,
  fetchV17,
  kGetApi,
  readKnownTaggedFields,
  ResponseError,
  type API,
  type Callback,
  type ConsumerOptions,
  type Reader,
} from "@platformatic/kafka";
import { Unavailable } from "../../core/unavailable.ts";
import type { PartitionData } from "./page.ts";

type FetchResponse = ReturnType<typeof fetchV17.parseResponse>;

/**
 * Makes a consumer of the driver whose fetch returns the record batches of each partition as raw bytes (`bytes`) and
 * leaves `records` empty. The driver itself makes objects of every record on arrival, checks no checksum and does not
 * bound decompression (client-facts C6). The driver still does the rest of a fetch: connections, sessions, metadata,
 * retries.
 *
 * The driver exports a symbol under which it looks up the API for a request; this function replaces that lookup for
 * Fetch.
 */
export function createRawConsumer(options: ConsumerOptions<Buffer, Buffer, Buffer, Buffer>): Consumer {
  const consumer = new Consumer(options);
  const chosen = consumer[kGetApi].bind(consumer);
  consumer[kGetApi] = <Arguments extends unknown[], Response>(
    name: string,
    callback: Callback<API<Arguments, Response>>,
  ): void => {
    chosen<Arguments, Response>(name, (error, api) => {
      if (error !== null || api === undefined || name !== "Fetch") return callback(error, api);
      const raw = RAW.get(api.version);
      if (raw === undefined) callback(tooOld(api.version));
      else callback(null, raw as unknown as API<Arguments, Response>);
    });
  };
  return consumer;
}

type ResponsePartition = FetchResponse["responses"][number]["partitions"][number];
/** A partition in the response of a {@link createRawConsumer}. */
export type RawPartition = ResponsePartition & PartitionData;

/** Version 13 is the first that names topics by id (KIP-516, Kafka 3.1); our streams need the id. */
const RAW = new Map(
  [fetchV13, fetchV14, fetchV15, fetchV16, fetchV17].map(({ api, createRequest }) => [
    api.version,
    createAPI<unknown[], FetchResponse>(api.key, api.version, createRequest, parseResponse),
  ]),
);

/** Fetch response, versions 13 to 17 (kafka/common/message/FetchResponse.json). */
function parseResponse(_: number, apiKey: number, apiVersion: number, reader: Reader): FetchResponse {
  const errors: [string, [number, null]][] = [];
  const note = (where: string, code: number): number => {
    if (code !== 0) errors.push([where, [code, null]]);
    return code;
  };
  const response: FetchResponse = {
    throttleTimeMs: reader.readInt32(),
    errorCode: note("", reader.readInt16()),
    sessionId: reader.readInt32(),
    responses: reader.readArray((topic, at) => ({
      topicId: topic.readUUID(),
      partitions: topic.readArray(
        (partition, index) => readPartition(partition, (code) => note(`/responses/${at}/partitions/${index}`, code)),
        true,
        false,
      ),
    })),
    // Addresses of the partition leaders are not parsed: the driver asks the metadata for them when a fetch fails.
    nodeEndpoints: [],
  };
  if (errors.length > 0) throw new ResponseError(apiKey, apiVersion, Object.fromEntries(errors), response);
  return response;
}

function readPartition(reader: Reader, note: (code: number) => number): RawPartition {
  const partition = {
    partitionIndex: reader.readInt32(),
    errorCode: note(reader.readInt16()),
    highWatermark: reader.readInt64(),
    lastStableOffset: reader.readInt64(),
    logStartOffset: reader.readInt64(),
    abortedTransactions: reader.readNullableArray((aborted) => ({
      producerId: aborted.readInt64(),
      firstOffset: aborted.readInt64(),
    })),
    preferredReadReplica: reader.readInt32(),
    records: [],
    bytes: reader.readBytes(),
  };
  readKnownTaggedFields(reader, {});
  return partition;
}

function tooOld(version: number): Unavailable {
  const message = `Cannot fetch from Kafka: its brokers speak no newer version of Fetch than ${version}`;
  return new Unavailable("LOG_TOO_OLD", message, "use brokers of Kafka 3.1 or newer");
}
