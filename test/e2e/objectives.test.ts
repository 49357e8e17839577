import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../patience.ts";
import { project, shipmentLines, sigma, startSigma } from "../cli/run.ts";
import { startPrometheus } from "../servers/prometheus.ts";

const CONFIG = `objectives:
  - {name: running, kind: availability, target: 50%, window: 30d}
  - {name: passing, kind: quality, contract: shipment, target: 99%, window: 30d}
sources:
  - {topic: shipments, subject: shipment, default: 1}
`;

/** An hour is a minute, and the shortest window of an alert 5 s, which is as many scrapes. */
const SCALE = 60;
const HOUR = "1m";

test("a real Prometheus raises nothing in a healthy hour, the fast alert when records fail, and ends it afterwards", async () => {
  const cwd = project({ "sigma.yaml": CONFIG });
  const rules = await sigma(["slo", "export", "--format", "prometheus", "--scale", String(SCALE)], { cwd });
  expect([rules.code, rules.stderr]).toEqual([0, ""]);
  const running = startSigma(["start", "--json", "--port", "0", "--no-demo"], { cwd });
  const { url } = JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string };
  const file = join(cwd, "rules.yml");
  writeFileSync(file, rules.stdout);
  const prometheus = await startPrometheus({ sigma: [new URL(url).host] }, { rules: [file] });
  onTestFinished(prometheus.stop);

  let next = 0;
  const send = async (body: string): Promise<void> => {
    const headers = { "content-type": "application/x-ndjson" };
    const { status } = await fetch(`${url}/v1/events/shipments`, { method: "POST", headers, body });
    expect(status).toBeLessThan(300);
  };
  const sendGood = async (): Promise<void> => send(shipmentLines(next, (next += 20)));
  const alerts = async (): Promise<readonly Readonly<Record<string, string>>[]> =>
    (await prometheus.query('ALERTS{alertstate="firing"}')).map(({ metric }) => metric);
  const firing = async (): Promise<readonly string[]> =>
    (await alerts()).map(({ alertname, objective }) => `${alertname} ${objective}`);
  const PAGE = "SigmaObjectiveBurnsFast passing";

  const raised = new Set<string>();
  await until(async () => {
    await sendGood();
    for (const alert of await firing()) raised.add(alert);
    // There are values from before the hour: it is over.
    return (await prometheus.query(`sigma_objective_events_total offset ${HOUR}`)).length > 0;
  });
  expect([...raised]).toEqual([]);
  const [healthy] = await prometheus.query(`sigma:objective_errors:ratio_rate${HOUR}{objective="passing"}`);
  expect(healthy?.value?.[1]).toBe("0");

  await until(async () => {
    await send('{"shipment_id":1}\n'.repeat(20));
    return (await firing()).includes(PAGE);
  });
  const alert = (await alerts()).find(({ alertname }) => alertname === "SigmaObjectiveBurnsFast");
  expect(alert).toMatchObject({ severity: "page", objective: "passing", contract: "shipment" });

  await until(async () => {
    await sendGood();
    return !(await firing()).includes(PAGE);
  });
  expect((await firing()).filter((one) => one.endsWith(" running"))).toEqual([]);
  // The gateway says the same by itself.
  expect((await sigma(["slo", "status", "--url", url], { cwd })).code).toBe(20);
});
