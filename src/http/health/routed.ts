import { exactInteger } from "../../json/exact-integer.ts";
import type { RoutedStream } from "../../lanes/router.ts";
import type { HttpDeps } from "../deps.ts";
import type { Described } from "../route-types.ts";
import { askBehind } from "./behind.ts";
import { TROUBLE, troubleView } from "./trouble.ts";

const STREAM = {
  title: "RoutedStream",
  type: "object",
  description: "A partition of a source with lanes, whose records this process moves",
  required: ["topic", "partition", "state", "movedTo", "trouble"],
  properties: {
    topic: { type: "string" },
    partition: { type: "integer", minimum: 0 },
    state: { enum: ["starting", "running", "waiting"] },
    movedTo: { type: ["integer", "null"], description: "Everything below this offset is in its lanes" },
    end: { type: ["integer", "null"], description: "The end of the log; null: it cannot be asked now" },
    lag: { type: ["integer", "null"], description: "Offsets that are not in their lanes yet" },
    lagSeconds: {
      type: ["number", "null"],
      description: "How old the newest moved record is, where there is a lag; null: not known",
    },
  },
} as const;

/** JSON Schema of a stream that the process moves to lanes; how far it is behind is there where the broker was asked. */
export const ROUTED: typeof STREAM & { readonly properties: { readonly trouble: typeof TROUBLE } } = {
  ...STREAM,
  properties: { ...STREAM.properties, trouble: TROUBLE },
};

type RoutedAnswer = Described<typeof ROUTED>;

/** A stream that is moved to lanes, without a question to the broker. */
export function routedView({ stream: { topic, partition }, movedTo, trouble }: RoutedStream): RoutedAnswer {
  const state = trouble !== null ? "waiting" : movedTo === null ? "starting" : "running";
  return {
    topic,
    partition,
    state,
    movedTo: movedTo === null ? null : exactInteger(movedTo),
    trouble: troubleView(trouble),
  };
}

/** The streams that a process moves to lanes, and how far they are behind. */
export async function routedWithLag(
  routed: NonNullable<HttpDeps["routed"]>,
  nowMs: number,
): Promise<readonly RoutedAnswer[]> {
  return Promise.all(
    routed.streams().map(async (one) => {
      const { stream, movedTo, newestMs } = one;
      return { ...routedView(one), ...(await askBehind(routed, stream, { position: movedTo, newestMs, nowMs })) };
    }),
  );
}
