import { MongoClient } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { unpackEvidence } from "../../src/ledger/packed.ts";
import { mongoForTests } from "../servers/with-mongo.ts";
import { project, shipmentLines, sigma, startSigma } from "./run.ts";

const mongo = mongoForTests(1);
const SECRET = "Zanzibar-4242";
const TOPIC = "sigma-aetl.shipments";

/** Everything that a database keeps of records, as one text. */
async function everythingIn(client: MongoClient, database: string): Promise<string> {
  const db = client.db(database);
  const texts: string[] = [];
  for (const { name } of await db.listCollections().toArray()) {
    for await (const bytes of db.collection(name).find({}, { raw: true }))
      texts.push(Buffer.from(bytes as unknown as Uint8Array).toString("latin1"));
  }
  for await (const { packed } of db.collection("sigma_ledger").find({}, { promoteBuffers: true })) {
    const evidence = packed instanceof Uint8Array ? unpackEvidence(packed, 100_000_000) : null;
    texts.push(evidence?.toString("latin1") ?? "");
  }
  return texts.join("\n");
}

test("sigma erase takes records out of MongoDB beside a gateway that runs, which goes on", async () => {
  const uri = mongo.server().uri.replace("/?", "/erase_cli?");
  const client = new MongoClient(uri);
  onTestFinished(async () => client.close());
  const cwd = project();
  const run = { cwd, env: { MONGODB_URI: uri } };
  const gateway = startSigma(["start", "--port", "0", "--no-demo", "--json"], run);
  const { url } = JSON.parse(await gateway.line(/"kind":"started"/)) as { url: string };
  const send = async (body: string): Promise<unknown> => {
    const headers = { "content-type": "application/x-ndjson", prefer: "wait=30" };
    const answer = await fetch(`${url}/v1/events/${TOPIC}`, { method: "POST", headers, body });
    return answer.json();
  };
  const gone = `{"shipment_id":"gone","weight_kg":5,"destination":"${SECRET}","priority":2}\n`;
  await send(`${shipmentLines(0, 3)}${gone}${gone}`);
  expect(await everythingIn(client, "erase_cli")).toContain(SECRET);
  const where = ["--where", `/destination=${SECRET}`, "--expect", "2", "--reason", "asked for"];
  const erased = await sigma(["erase", ...where], run);
  expect([erased.code, erased.stderr]).toEqual([0, ""]);
  expect(await everythingIn(client, "erase_cli")).not.toContain(SECRET);
  expect((await fetch(`${url}/v1/decisions/${TOPIC}/0/3/raw`)).status).toBe(410);
  // The gateway lost the place behind its last entry, and takes the stream up again.
  await send(`${gone}${shipmentLines(3, 5)}`);
  gateway.child.kill("SIGTERM");
  await gateway.ended;
  const audit = await sigma(["audit", "--source"], run);
  expect([audit.code, audit.stderr]).toEqual([0, ""]);
  expect(audit.stdout).toMatch(/^erased {2}\S+ {2}2 records {2}/m);
});
