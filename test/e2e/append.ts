/** The topic that a gateway without settings takes. */
export const EVENTS = "/v1/events/sigma-aetl.shipments";

/** Sends one record to a gateway of its own process. */
export async function append(
  url: string,
  text: string,
): Promise<{ readonly status: number; readonly retryAfter: string | null; readonly code: unknown }> {
  const response = await fetch(`${url}${EVENTS}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: text,
  });
  const body = (await response.json()) as { code?: unknown };
  return { status: response.status, retryAfter: response.headers.get("retry-after"), code: body.code };
}
