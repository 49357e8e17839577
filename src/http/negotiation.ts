import type { FastifyReply, FastifyRequest } from "fastify";
import {
  isLive,
  negotiate,
  parseAcceptContract,
  standingOf,
  takes,
  type AcceptedContract,
  type Standing,
} from "../contract/negotiation.ts";
import type { CompiledBinding, CompiledContract, ContractRef } from "../core/compiled.ts";
import type { Header } from "../core/record.ts";
import { resolveVersion } from "../core/resolve.ts";
import type { HttpDeps } from "./deps.ts";
import { badRequest, notFound, ProblemError } from "./problems/problem.ts";

/** What a client says of the contract versions it takes: `Accept-Contract: shipment@2, shipment@1;q=0.5`. */
const ACCEPT_HEADER = "accept-contract";

/** Null when the client did not say. @throws ProblemError when what it said cannot be read. */
export function acceptedContracts({ headers }: FastifyRequest): readonly AcceptedContract[] | null {
  const text = headers[ACCEPT_HEADER];
  if (text === undefined) return null;
  const accepted = parseAcceptContract([text].flat().join(","));
  if (accepted !== null) return accepted;
  throw badRequest("malformed-accept-contract", "Accept-Contract is no list like shipment@2, shipment@1;q=0.5");
}

/** The version to speak, by what the client takes. @throws ProblemError when it takes none that is in force. */
export function negotiatedVersion(contract: CompiledContract, accepted: readonly AcceptedContract[]): number {
  const version = negotiate(contract, accepted);
  if (version === null) throw notAcceptable(contract, "It takes none of the versions in force");
  return version;
}

/**
 * The versions by which records are to be judged, as far as their headers and the topic's default say it.
 * @returns null when a payload may say otherwise.
 */
export function versionsOf(
  bound: CompiledBinding,
  records: readonly (readonly Header[])[],
): readonly ContractRef[] | null {
  if (bound.contract.versionField !== null) return null;
  const found = new Map<number, ContractRef>();
  for (const headers of records) {
    const resolved = resolveVersion(bound, headers, null, undefined);
    const version = resolved.ok ? resolved.version : resolved.refused?.version;
    if (version !== undefined) found.set(version.ref.version, version.ref);
  }
  return [...found.values()];
}

/**
 * @param refs the versions that are to judge; null when that is not known before the payloads are read.
 * @throws ProblemError when one of them is not in force, or the client does not take it.
 */
export function refuseUnaccepted(
  contract: CompiledContract,
  accepted: readonly AcceptedContract[],
  refs: readonly ContractRef[] | null,
): void {
  if (refs === null) return void negotiatedVersion(contract, accepted);
  if (refs.length === 0) throw notAcceptable(contract, "Records that declare no version are judged by none");
  const { subject } = contract;
  const foreign = refs.find(({ version }) => !isLive(contract, version) || !takes(accepted, subject, version));
  if (foreign !== undefined) throw notAcceptable(contract, `It would be judged by ${subject}@${foreign.version}`);
}

function notAcceptable(contract: CompiledContract, why: string): ProblemError {
  const { subject } = contract;
  const available = [...contract.versions.keys()].filter((version) => isLive(contract, version));
  return new ProblemError({
    status: 406,
    code: "contract-not-acceptable",
    title: "Contract not acceptable",
    detail: `${why}; that is not what Accept-Contract asks for`,
    remedy: `use one of: ${available.map((version) => `${subject}@${version}`).join(", ")}; declare it with the header sigma-contract`,
    extra: { available: available.map((version) => ({ subject, version })) },
  });
}

/** What is said of the versions by which an answer's records are judged. */
export function standingsOf({ contracts, about }: HttpDeps, refs: readonly ContractRef[]): readonly Standing[] {
  return refs.flatMap(({ subject, version }) => {
    const contract = contracts().bySubject.get(subject);
    return contract === undefined ? [] : (standingOf(contract, about(), version) ?? []);
  });
}

/**
 * Sets `Contract`, and for the first of the versions `Link` (RFC 8288) with where it is described and what comes after it,
 * `Deprecation` (RFC 9745) and `Sunset` (RFC 8594).
 */
export function replyWithStandings(reply: FastifyReply, standings: readonly Standing[]): void {
  if (standings.length === 0) return;
  const told = standings.find(({ status }) => status === "deprecated") ?? standings[0];
  if (told === undefined) return;
  const { subject, version, successor, status, deprecated, sunset } = told;
  const links = [`<${schemaPath(subject, version)}>; rel="describedby"; type="application/schema+json"`];
  if (successor !== null) links.push(`<${schemaPath(subject, successor)}>; rel="successor-version"`);
  reply.header("contract", standings.map((one) => `${one.subject}@${one.version}`).join(", "));
  if (status === "deprecated" || status === "retired") {
    links.push(`<${contractPath(subject)}>; rel="deprecation"`);
    if (deprecated !== null) reply.header("deprecation", `@${dayMs(deprecated) / 1_000}`);
    if (sunset !== null) reply.header("sunset", new Date(dayMs(sunset)).toUTCString());
  }
  reply.header("link", links.join(", "));
}

/** What a receipt says when the version that judged is deprecated; nothing when it is not. */
export function deprecationOf(standing: Standing | undefined): { readonly deprecation?: object } {
  if (standing?.status !== "deprecated") return {};
  const { subject, successor, deprecated, sunset } = standing;
  return { deprecation: { deprecated, sunset, successor: successor === null ? null : `${subject}@${successor}` } };
}

/** The same of a stored decision, by the contract it names. */
export function withDeprecation(
  deps: HttpDeps,
  view: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const contract = view["contract"] as ContractRef | null | undefined;
  if (contract === null || contract === undefined) return view;
  return { ...view, ...deprecationOf(standingsOf(deps, [contract])[0]) };
}

/** @throws ProblemError when there is none of that name. */
export function contractNamed({ contracts }: HttpDeps, subject: string): CompiledContract {
  const contract = contracts().bySubject.get(subject);
  if (contract !== undefined) return contract;
  const known = [...contracts().bySubject.keys()].join(", ");
  throw notFound("unknown-contract", `There is no contract "${subject.slice(0, 249)}"`, `use one of: ${known}`);
}

export function schemaPath(subject: string, version: number): string {
  return `${contractPath(subject)}/versions/${version}/schema`;
}

function contractPath(subject: string): string {
  return `/v1/contracts/${encodeURIComponent(subject)}`;
}

/** A day begins at midnight UTC. */
function dayMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}
