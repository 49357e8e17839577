import type { Pressure } from "../../gateway/pressure.ts";
import type { HttpDeps } from "../deps.ts";
import { ProblemError } from "../problems/problem.ts";

type Headers = { readonly header: (name: string, value: string) => unknown };

/**
 * Says how many more records of a topic may wait, and refuses more than that. Nothing is appended then.
 * @throws ProblemError 503 `backlogged`, with the seconds after which there is room.
 */
export async function refuseBacklog({ backlog }: HttpDeps, topic: string, reply: Headers): Promise<void> {
  if (backlog === undefined) return;
  const pressure = await backlog.of(topic);
  if (pressure === null) return;
  const fields = rateLimitFields(pressure, backlog.recordsMax);
  for (const [name, value] of Object.entries(fields)) reply.header(name, value);
  if (pressure.left > 0) return;
  throw new ProblemError({
    status: 503,
    code: "backlogged",
    title: "Too many records wait",
    detail: `${pressure.waiting} records of topic "${topic}" wait to be decided; with ${backlog.recordsMax} no more are taken`,
    remedy: "send them again after Retry-After; if that goes on, look why: sigma status",
    headers: { ...fields, "retry-after": String(Math.max(1, pressure.waitS)) },
  });
}

/** The fields of draft-ietf-httpapi-ratelimit-headers-10: how many may come, and when there is room again. */
function rateLimitFields({ left, waitS }: Pressure, max: number): Readonly<Record<string, string>> {
  return { "ratelimit-policy": `"backlog";q=${max}`, ratelimit: `"backlog";r=${left};t=${waitS}` };
}
