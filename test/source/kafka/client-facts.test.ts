import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import { kafkaForTests } from "../../servers/with-kafka.ts";
import { openClients, type Clients } from "./client-facts-clients.ts";
import { groupFacts } from "./client-facts-group.ts";
import { recordFacts } from "./client-facts-records.ts";

// What @platformatic/kafka 2.12.1 does and our source must therefore not rely on. Where such a test fails after an
// upgrade of the client, the fact has changed: the rule stated above the test may be loosened, or has to be tightened.

let kafka: Awaited<ReturnType<typeof kafkaForTests>>;
let clients: Clients;

beforeAll(async () => {
  kafka = await kafkaForTests();
});
afterAll(async () => kafka.server?.stop());
beforeEach(() => {
  clients = openClients(kafka.brokers);
});

describe("the client, as a member of a group", () => {
  groupFacts(() => clients);
});
describe("the client, reading records", () => {
  recordFacts(() => clients);
});
