// What an engineer writes in Node: kafkajs -> ajv -> insertMany under the business id. No ledger, no evidence.
//
// node loop.mjs BROKERS TOPIC MONGODB_URI DATABASE     with kafkajs, ajv and mongodb under PEER_MODULES
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env["PEER_MODULES"] ?? ".", "package.json"));
const { Kafka, logLevel } = require("kafkajs");
const { Ajv2020 } = require("ajv/dist/2020");
const { MongoClient } = require("mongodb");

const BATCH = 3_000;
const DUPLICATE_KEY = 11_000;
const [brokers, topic, mongodb, database] = process.argv.slice(2);

const validate = new Ajv2020({ allErrors: true }).compile({
  type: "object",
  additionalProperties: false,
  required: ["shipment_id", "weight_kg", "destination", "priority"],
  properties: {
    shipment_id: { type: "string", minLength: 1 },
    weight_kg: { type: "number", exclusiveMinimum: 0, maximum: 1000 },
    destination: { type: "string", minLength: 1 },
    priority: { type: "integer", minimum: 1, maximum: 3 },
  },
});

const client = await new MongoClient(mongodb, { writeConcern: { w: "majority", journal: true } }).connect();
const facts = client.db(database).collection("validated_shipments");
const failures = client.db(database).collection("failed_shipments");

async function insert(collection, documents) {
  try {
    if (documents.length > 0) await collection.insertMany(documents, { ordered: false });
  } catch (error) {
    // A repeat is no error: the id is the fact's.
    if ([].concat(error.writeErrors ?? [error]).some(({ code }) => code !== DUPLICATE_KEY)) throw error;
  }
}

function parsed(bytes) {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

const consumer = new Kafka({ brokers: [brokers], logLevel: logLevel.ERROR }).consumer({
  groupId: database,
  maxBytesPerPartition: 1_048_576,
  maxWaitTimeInMs: 200,
});
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  partitionsConsumedConcurrently: 6,
  eachBatch: async ({ batch }) => {
    for (let at = 0; at < batch.messages.length; at += BATCH) {
      const passed = [];
      const failed = [];
      for (const { value, offset } of batch.messages.slice(at, at + BATCH)) {
        const document = parsed(value);
        if (validate(document)) passed.push({ _id: document.shipment_id, ...document });
        else {
          const errors = (validate.errors ?? []).map(({ instancePath, keyword, message }) => ({
            instancePath,
            keyword,
            message,
          }));
          failed.push({ _id: `${batch.topic}/${batch.partition}@${offset}`, bytes: value, errors });
        }
      }
      await insert(facts, passed);
      await insert(failures, failed);
    }
  },
});
