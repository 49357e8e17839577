import type { FastifyRequest } from "fastify";
import type { Pressure, Standing } from "../../gateway/pressure.ts";
import { tellLimit } from "../access/limits-told.ts";
import type { HttpDeps } from "../deps.ts";
import { ProblemError } from "../problems/problem.ts";

/** The names of the limits in the fields of an answer. */
const NAMES: Readonly<Record<Standing["of"], string>> = { records: "backlog", age: "backlog-age" };

/**
 * Tells how much more of a topic may wait, and for how long, and refuses more than that. Nothing is appended then.
 * @throws ProblemError 503 `backlogged`, with the seconds after which there is room.
 */
export async function refuseBacklog({ backlog }: HttpDeps, topic: string, request: FastifyRequest): Promise<void> {
  const pressure = (await backlog?.(topic)) ?? null;
  if (pressure === null) return;
  for (const { of, max: quota, left, waitS: resetSeconds } of pressure.limits)
    tellLimit(request, { name: NAMES[of], quota, left, resetSeconds, windowSeconds: null });
  const full = pressure.limits.filter(({ left }) => left === 0);
  const [first] = full;
  if (first === undefined) return;
  throw new ProblemError({
    status: 503,
    code: "backlogged",
    title: "Too many records wait",
    detail: `${described(first, pressure, topic)} no more are taken`,
    remedy: "send them again after Retry-After; if that goes on, look why: sigma status",
    headers: { "retry-after": String(Math.max(1, ...full.map(({ waitS }) => waitS))) },
  });
}

function described({ of, max }: Standing, { waiting, ageS }: Pressure, topic: string): string {
  if (of === "records") return `${waiting} records of topic "${topic}" wait to be decided; with ${max}`;
  return `The oldest of ${waiting} records of topic "${topic}" has waited for ${Math.floor(ageS)} s to be decided; from ${max} s on`;
}
