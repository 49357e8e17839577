/** Which records of a source a lane takes: those that meet every condition. Null is no condition. */
export type LaneConditions = {
  /** The contract that the record declares, or the source's own where it declares none. */
  readonly subject: string | null;
  /** The contract versions that the record may resolve to. A record that resolves to none meets no such condition. */
  readonly versions: readonly number[] | null;
  /** Smallest size of the record's value, in bytes. */
  readonly bytesMin: number | null;
  /** Priorities as texts: of the header `sigma-priority`, or of `priorityField`. */
  readonly priorities: readonly string[] | null;
  /** RFC 6901 pointer of the payload field that says the priority; null: the header says it. */
  readonly priorityField: string | null;
};

/** One lane of a source: a topic for some of its records. */
export type Lane = {
  readonly name: string;
  /** The topic that the records are moved to, and decided from. */
  readonly topic: string;
  readonly when: LaneConditions;
};

/** A source whose records are moved to lanes: to the first whose conditions a record meets. The last lane has none. */
export type Route = { readonly topic: string; readonly lanes: readonly Lane[] };

/**
 * Whether the first lane takes every record that the second would. Versions are those of the contract that a lane is bound to, and
 * tell nothing of another's. What several lanes take together is not looked at.
 */
export function takesAllOf(first: LaneConditions, second: LaneConditions): boolean {
  const { subject, versions, bytesMin, priorities } = first;
  if (subject !== null && subject !== second.subject) return false;
  if (bytesMin !== null && (second.bytesMin ?? 0) < bytesMin) return false;
  if (priorities !== null && !(first.priorityField === second.priorityField && within(second.priorities, priorities)))
    return false;
  return versions === null || (subject === second.subject && within(second.versions, versions));
}

function within<Item>(some: readonly Item[] | null, all: readonly Item[]): boolean {
  return some !== null && some.every((one) => all.includes(one));
}

/** Header that tells the priority of a record, to lanes with `priority`. */
export const PRIORITY_HEADER = "sigma-priority";

/** Between source and lane in the name of a lane's topic. A lane's own name has no dot. */
const BETWEEN = ".lane.";

/** The topic of a lane of a source. */
export function laneTopic(source: string, lane: string): string {
  return `${source}${BETWEEN}${lane}`;
}

/** What a lane may be called. */
export const LANE_NAME: RegExp = /^[a-z0-9][a-z0-9-]{0,39}$/;

/**
 * Those of some topics that by their names are lanes of a source, and are none now: taken out of the configuration, or renamed.
 * @param current every source and every lane now.
 */
export function formerLanes(topics: readonly string[], current: ReadonlySet<string>): readonly string[] {
  return topics.filter((topic) => {
    if (current.has(topic)) return false;
    const at = topic.lastIndexOf(BETWEEN);
    return at > 0 && current.has(topic.slice(0, at)) && LANE_NAME.test(topic.slice(at + BETWEEN.length));
  });
}
