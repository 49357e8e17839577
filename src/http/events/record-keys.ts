import type { FastifyRequest } from "fastify";
import type { CompiledBinding } from "../../core/compiled.ts";
import type { PayloadLimits } from "../../core/contract-set.ts";
import { compileFieldKey, compileIdentityKey, type IdentityKey } from "../../source/record-key.ts";
import type { NewRecord } from "../../source/source.ts";
import { badRequest } from "../problems/problem.ts";
import type { HttpDeps } from "../deps.ts";

/** Header with the key of all records of a request. */
const KEY = "sigma-key";
/** Header with a JSON pointer: the key of each record is the value there in its payload. */
const KEY_FIELD = "sigma-key-field";
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;
const POINTER_MAX = 1_024;

/**
 * Gives a key to records that have none of their own (`partitionkey` of a CloudEvent). The key is the text of `sigma-key`, or else the value
 * of the field that `sigma-key-field` names, or else the identity by the topic's contract.
 * @throws ProblemError 400 when `sigma-key-field` is no JSON pointer.
 */
export function withKeys(deps: HttpDeps, { headers }: FastifyRequest, topic: string): (record: NewRecord) => NewRecord {
  const literal = headers[KEY];
  if (typeof literal === "string") {
    const key = Buffer.from(literal, "latin1");
    return (record) => (record.key === null ? { ...record, key } : record);
  }
  const ofField = fieldKeyOf(headers[KEY_FIELD]);
  const { byTopic, limits } = deps.contracts();
  const bound = byTopic.get(topic);
  const ofIdentity = bound === undefined ? null : identityKeyOf(bound, limits);
  return (record) => {
    if (record.key !== null) return record;
    const key = ofField(record.value) ?? ofIdentity?.(record.headers, record.value) ?? null;
    return key === null ? record : { ...record, key };
  };
}

function fieldKeyOf(pointer: string | string[] | undefined): ReturnType<typeof compileFieldKey> {
  if (pointer === undefined) return () => null;
  const text = Buffer.from(String(pointer), "latin1").toString("utf8");
  if (text.length > POINTER_MAX || !POINTER.test(text))
    throw badRequest("bad-key-field", `The header ${KEY_FIELD} holds no JSON pointer: write it as /order_id`);
  return compileFieldKey([text]);
}

/** Compiled keys. A binding lives as long as its contract set, and its key no longer than the binding. */
const compiled = new WeakMap<CompiledBinding, IdentityKey>();

function identityKeyOf(bound: CompiledBinding, limits: PayloadLimits): IdentityKey {
  const known = compiled.get(bound) ?? compileIdentityKey(bound, limits);
  compiled.set(bound, known);
  return known;
}
