import { METRICS } from "../../observe/metrics/definitions.ts";
import type { Family } from "../../observe/metrics/family.ts";
import type { EndOf } from "../../observe/metrics/streams.ts";
import type { ShadowSnapshot } from "../../rejudge/shadow/thread.ts";
import type { ObjectiveTotals } from "../../slo/counter.ts";
import type { Validator } from "../../pool/pool.ts";
import { END_WAIT_MS } from "../health/behind.ts";
import { within } from "../../gateway/within.ts";
import type { HttpDeps } from "../deps.ts";
import type { Source } from "../../source/source.ts";

/** What a gateway knows of itself at the scrape. */
export type GatewayNow = {
  readonly inFlightBytes: number;
  readonly objectives?: readonly ObjectiveTotals[] | undefined;
  /** The versions that look on. */
  readonly shadows?: readonly ShadowSnapshot[] | undefined;
  /** The validators that decide for it. */
  readonly validators?: readonly Validator[] | undefined;
};

/** The families of what a gateway knows at the scrape; none of what it does not have. */
export function gatewayFamilies({
  inFlightBytes,
  objectives = [],
  shadows = [],
  validators,
}: GatewayNow): readonly Family[] {
  return [
    { of: METRICS.inFlight, samples: [{ labels: [], value: inFlightBytes }] },
    ...objectiveFamilies(objectives),
    ...shadowFamilies(shadows),
    ...(validators === undefined ? [] : poolFamilies(validators)),
  ];
}

const VALIDATOR_STATES = ["ready", "away", "unknown", "other-set"] as const;

function poolFamilies(validators: readonly Validator[]): readonly Family[] {
  const by = (of: (one: Validator) => number) =>
    validators.map((one) => ({ labels: [new URL(one.url).host], value: of(one) }));
  const states = VALIDATOR_STATES.map((state) => ({
    labels: [state],
    value: validators.filter((one) => one.state === state).length,
  }));
  return [
    { of: METRICS.poolValidators, samples: states },
    { of: METRICS.poolInFlight, samples: by(({ inFlight }) => inFlight) },
    { of: METRICS.poolBatches, samples: by(({ batches }) => batches) },
  ];
}

/** The logs of the streams that a process decides, and of those that it moves to lanes: no stream is of both. */
export function logsOf({ source, routed }: Pick<HttpDeps, "source" | "routed">): Pick<Source, "bounds"> {
  const isRouted = (id: string): boolean => routed?.streams().some(({ stream }) => stream.id === id) === true;
  return { bounds: async (stream) => (routed !== undefined && isRouted(stream.id) ? routed : source).bounds(stream) };
}

/** Asks a source for the ends of its logs, and waits {@link END_WAIT_MS} for each: a stream whose log does not answer has no lag on the page. */
export function endOf(source: Pick<Source, "bounds">): EndOf {
  return async (stream) => {
    // The stream itself reports what is wrong with its log.
    const bounds = await within(END_WAIT_MS, source.bounds(stream)).catch(() => null);
    return bounds?.end ?? null;
  };
}

/** What the rules of `sigma slo export` are about; none without objectives. */
function objectiveFamilies(totals: readonly ObjectiveTotals[]): readonly Family[] {
  if (totals.length === 0) return [];
  const samples = totals.flatMap(({ name, good, bad }) => [
    { labels: [name, "good"], value: good },
    { labels: [name, "bad"], value: bad },
  ]);
  return [{ of: METRICS.objectiveEvents, samples }];
}

function shadowFamilies(shadows: readonly ShadowSnapshot[]): readonly Family[] {
  const named = shadows.map((one) => ({ ...one, contract: `${one.subject}@${one.version}` }));
  const fates = ["judged", "dropped", "lost"] as const;
  return [
    {
      of: METRICS.shadowRecords,
      samples: named.flatMap((one) => fates.map((fate) => ({ labels: [one.contract, fate], value: one[fate] }))),
    },
    {
      of: METRICS.shadowFlips,
      samples: named.flatMap(({ contract, flips }) =>
        Object.entries(flips.counts).map(([flip, value]) => ({ labels: [contract, flip], value })),
      ),
    },
    {
      of: METRICS.shadowRestarts,
      samples: named.map(({ contract, restarts }) => ({ labels: [contract], value: restarts })),
    },
  ];
}
