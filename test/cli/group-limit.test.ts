import { expect, test } from "vitest";
import { project, startSigma } from "./run.ts";

const TOPIC = "sigma-aetl.shipments";

const GOOD = { shipment_id: "s", weight_kg: 1, destination: "Dublin", priority: 1 };
/** Each fails in a group of its own. */
const FAULTS = [
  { ...GOOD, weight_kg: -1 },
  { ...GOOD, weight_kg: 5_000 },
  { ...GOOD, priority: 9 },
  { ...GOOD, destination: "" },
  { ...GOOD, shipment_id: 7 },
  { ...GOOD, extra: 1 },
].map((payload) => JSON.stringify(payload));

test("a producer whose records open too many groups of failures is refused, and no failure of it is lost", async () => {
  const env = { SIGMA_LIMITS_GROUPS: "2" };
  const gateway = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd: project({}), env });
  const url = /http:\/\/[\d.:]+/.exec(await gateway.line(/http:\/\//))?.[0] ?? "";
  const send = async (body: string, producer: string): Promise<Response> =>
    fetch(`${url}/v1/events/${TOPIC}`, {
      method: "POST",
      headers: { "content-type": "application/json", "sigma-producer": producer, prefer: "wait=30" },
      body,
    });
  let sent = 0;
  let refused: Response | null = null;
  while (refused === null && sent < 100) {
    const answer = await send(FAULTS[sent % FAULTS.length] ?? "", "careless");
    if (answer.status === 429) refused = answer;
    else sent += 1;
  }
  expect(await refused?.json()).toMatchObject({
    code: "over-limit",
    limit: "groups",
    detail: "The records of a producer opened more groups of failures in a day than one may",
  });
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await send(JSON.stringify(GOOD), "careful")).status).toBe(200);
  const { groups, total } = (await (await fetch(`${url}/v1/failures/groups?limit=1000`)).json()) as {
    readonly groups: readonly { readonly count: number }[];
    readonly total: number;
  };
  // Those beyond the limit are in their own groups as well.
  expect(total).toBe(Math.min(sent, FAULTS.length));
  expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(sent);
  expect(total).toBeGreaterThan(2);
});
