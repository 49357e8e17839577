import type { IncomingHttpHeaders } from "node:http";
import {
  isLive,
  negotiate,
  parseAcceptContract,
  standingOf,
  isAccepted,
  type AcceptedContract,
  type Standing,
} from "../contract/negotiation.ts";
import type { CompiledBinding, CompiledContract, ContractRef } from "../core/compiled.ts";
import type { Header } from "../core/record.ts";
import { resolveVersion } from "../core/resolve.ts";
import type { DecisionAnswer } from "./decisions/decision.ts";
import type { HttpDeps } from "./deps.ts";
import { badRequest, notFound, ProblemError } from "./problems/problem.ts";
import type { Headers } from "./route-types.ts";

/** The header by which a client says which versions of a contract it takes. */
const ACCEPT_HEADER = "accept-contract";

/** JSON Schema of that header. */
export const ACCEPT_CONTRACT = {
  type: "string",
  description: "The versions the client takes, as in shipment@2, shipment@1;q=0.5; 406 when it would be another",
} as const;

/** JSON Schemas of the headers that {@link replyWithStandings} sets. */
export const STANDING_HEADERS = {
  contract: { type: "string", description: "The version, as in shipment@1" },
  deprecation: { type: "string", description: "Since when the version is deprecated, as @seconds (RFC 9745)" },
  sunset: { type: "string", description: "When the version is to end, as an HTTP date (RFC 8594)" },
  link: { type: "string", description: "describedby, successor-version, deprecation (RFC 8288)" },
} as const;

/** A request as this file reads it. */
type Asking = { readonly headers: IncomingHttpHeaders };

/** The versions that the client takes; null when it does not say. @throws ProblemError 400 when the header cannot be read. */
export function acceptedContracts({ headers }: Asking): readonly AcceptedContract[] | null {
  const text = headers[ACCEPT_HEADER];
  if (text === undefined) return null;
  const accepted = parseAcceptContract([text].flat().join(","));
  if (accepted !== null) return accepted;
  throw badRequest("malformed-accept-contract", "Accept-Contract is no list like shipment@2, shipment@1;q=0.5");
}

/** The live version that the client likes best. @throws ProblemError 406 when it takes none of them. */
export function negotiatedVersion(contract: CompiledContract, accepted: readonly AcceptedContract[]): number {
  const version = negotiate(contract, accepted);
  if (version === null) throw notAcceptable(contract, "It takes none of the live versions");
  return version;
}

/**
 * The versions that judge records, by their headers and the topic's default.
 * @param records the headers of each.
 * @returns null when the payload of a record may declare another version.
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
 * Refuses a request whose client does not take the versions that would judge.
 * @param refs those versions; null when only the payloads say them.
 * @throws ProblemError 406 when one of them is not live, or the client does not take it.
 */
export function refuseUnaccepted(
  contract: CompiledContract,
  accepted: readonly AcceptedContract[],
  refs: readonly ContractRef[] | null,
): void {
  if (refs === null) return void negotiatedVersion(contract, accepted);
  if (refs.length === 0) throw notAcceptable(contract, "Records that declare no version are judged by none");
  const { subject } = contract;
  const foreign = refs.find(({ version }) => !isLive(contract, version) || !isAccepted(accepted, subject, version));
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

/** The standing of each version that the set has: its status, the days of its life, its successor. */
export function standingsOf({ contracts, about }: HttpDeps, refs: readonly ContractRef[]): readonly Standing[] {
  return refs.flatMap(({ subject, version }) => {
    const contract = contracts().bySubject.get(subject);
    return contract === undefined ? [] : (standingOf(contract, about(), version) ?? []);
  });
}

/**
 * Sets the header `Contract` to the versions. For the first deprecated one, or else the first, it also sets `Link` (RFC 8288: the
 * schema, the successor), and where the version is to end `Deprecation` (RFC 9745) and `Sunset` (RFC 8594).
 */
export function replyWithStandings(reply: Headers, standings: readonly Standing[]): void {
  const shown = standings.find(({ status }) => status === "deprecated") ?? standings[0];
  if (shown === undefined) return;
  const { subject, version, successor, status, deprecated, sunset } = shown;
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

/** The member `deprecation` of an answer. A version that is not deprecated has none. */
export function deprecationOf(standing: Standing | undefined): Pick<DecisionAnswer, "deprecation"> {
  if (standing?.status !== "deprecated") return {};
  const { subject, successor, deprecated, sunset } = standing;
  return { deprecation: { deprecated, sunset, successor: successor === null ? null : `${subject}@${successor}` } };
}

/** A decision with the member `deprecation`, where the version that judged is deprecated now. */
export function withDeprecation(deps: HttpDeps, ref: ContractRef | null, view: DecisionAnswer): DecisionAnswer {
  if (ref === null) return view;
  return { ...view, ...deprecationOf(standingsOf(deps, [ref])[0]) };
}

/** The contract of a name. @throws ProblemError 404 when the live set has none. */
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

/** Milliseconds since the epoch at which a day begins, in UTC. */
function dayMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}
