/** What Alertmanager 0.28 takes: api/v2/openapi.yaml `postableAlert`, and its checks of an alert (types.Alert.Validate). */
export function faultsOfAlerts(body: string): readonly string[] {
  const parsed: unknown = JSON.parse(body);
  if (!Array.isArray(parsed)) return ["no list"];
  const alerts = parsed as readonly Readonly<Record<string, unknown>>[];
  return alerts.flatMap((alert) => {
    const { labels, annotations, startsAt, endsAt, generatorURL } = alert as Record<string, string>;
    const sets = [labels, annotations].map((one) => Object.entries(one as unknown as Record<string, string>));
    const pairs = sets.flat();
    const start = Date.parse(startsAt ?? "");
    const end = Date.parse(endsAt ?? "");
    return [
      ...(sets[0]?.some(([name]) => name === "alertname") === true ? [] : ["no alertname"]),
      ...pairs.filter(([name]) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)).map(([name]) => `label ${name}`),
      ...pairs.filter(([, value]) => typeof value !== "string" || value === "").map(([name]) => `value of ${name}`),
      ...(start <= end ? [] : ["ends before it starts"]),
      ...(generatorURL === undefined || URL.canParse(generatorURL) ? [] : ["no URI"]),
      ...Object.keys(alert).filter(
        (key) => !["labels", "annotations", "startsAt", "endsAt", "generatorURL"].includes(key),
      ),
    ];
  });
}
