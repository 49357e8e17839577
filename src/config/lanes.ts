import type { LoadedContract } from "../contract/files.ts";
import { didYouMean } from "../contract/yaml-fields.ts";
import { LANE_NAME, laneTopic, takesAllOf, type Lane } from "../lanes/lane.ts";
import type { ConfigFault } from "./fault.ts";
import { listOf } from "./list-of.ts";
import type { LaneSetting, SourceSetting } from "./setting-row.ts";
import type { SettingsByKey, SettingValues } from "./settings.ts";

/** The parts of a lane as they are written, by their names in the file. */
export type LanePart =
  | "lane"
  | "source"
  | "subject"
  | "versions"
  | "bytes_min"
  | "priority"
  | "priority_field"
  | "in_flight"
  | "failed_percent"
  | "consecutive";

/** What is wrong with which part. */
export type LaneFault = { readonly part: LanePart; readonly message: string; readonly remedy: string };

const POINTER = /^(?:\/(?:[^~/]|~[01]){0,200}){1,20}$/;
const LIST_MAX = 64;
const LANES_MAX = 32;

/** Makes a lane of its parts, each as text; a list is several texts. */
export function laneOf(
  parts: ReadonlyMap<LanePart, readonly string[]>,
  place: string,
): LaneSetting | { readonly faults: readonly LaneFault[] } {
  const faults: LaneFault[] = [];
  const wrong = (part: LanePart, message: string, remedy: string): void => void faults.push({ part, message, remedy });
  const one = (part: LanePart): string | null => {
    const texts = parts.get(part);
    if (texts !== undefined && texts.length !== 1)
      wrong(part, `A lane has one ${part}`, `Write ${part}: and one value`);
    return texts?.[0] ?? null;
  };
  const number = (part: LanePart, min: number, max: number): number | null => {
    const text = one(part);
    if (text === null) return null;
    const value = sizeOf(text);
    if (value !== null && value >= min && value <= max) return value;
    wrong(
      part,
      `"${text.slice(0, 60)}" is no ${part} of a lane: a whole number from ${min} to ${max}`,
      `Correct ${part}`,
    );
    return null;
  };
  const name = one("lane") ?? "";
  if (!LANE_NAME.test(name)) {
    const message = `"${name.slice(0, 60)}" is no name of a lane, which has at most 40 lower-case letters, digits and dashes`;
    wrong("lane", message, "Write lane: urgent");
  }
  const versions = parts.get("versions")?.map((text) => (/^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : 0)) ?? null;
  if (versions?.includes(0) === true || versions?.length === 0)
    wrong("versions", "versions of a lane are whole numbers from 1", "Write versions: [1, 2]");
  const priorities = parts.get("priority") ?? null;
  if (priorities !== null && (priorities.length === 0 || priorities.length > LIST_MAX || priorities.includes("")))
    wrong("priority", `priority of a lane is a list of 1 to ${LIST_MAX} values`, "Write priority: [1, high]");
  const priorityField = one("priority_field");
  if (priorityField !== null && !POINTER.test(priorityField))
    wrong("priority_field", "priority_field is no JSON pointer to a field", "Write priority_field: /priority");
  if (priorityField !== null && priorities === null)
    wrong("priority_field", "priority_field says where a priority is, and the lane asks for none", "Add priority: [1]");
  const lane: LaneSetting = {
    name,
    source: one("source"),
    subject: one("subject"),
    versions,
    bytesMin: number("bytes_min", 1, 67_108_864),
    priorities,
    priorityField,
    inFlight: number("in_flight", 1, 1_000_000),
    failedPercent: number("failed_percent", 0, 99),
    consecutive: number("consecutive", 0, 1_000_000),
    place,
  };
  return faults.length > 0 ? { faults } : lane;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, B: 1, KiB: 1_024, MiB: 1_048_576 };

function sizeOf(text: string): number | null {
  const [, digits, unit = ""] = /^(\d{1,12}) ?([A-Za-z]*)$/.exec(text) ?? [];
  const factor = UNITS[unit];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}

/** Whether a lane takes every record that comes to it. */
function takesAll({ subject, versions, bytesMin, priorities }: LaneSetting): boolean {
  return subject === null && versions === null && bytesMin === null && priorities === null;
}

function isOf(lane: LaneSetting, topic: string): boolean {
  return lane.source === null || lane.source === topic;
}

/** Lanes without Kafka or without their source, whose records one before them takes, or that leave records without a lane. */
export function laneFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const { lanes, sources } = values;
  const asked = listOf(values["worker.lanes"]);
  const unknown = asked.find((name) => !lanes.some((lane) => lane.name === name));
  const faults: ConfigFault[] = [];
  if (unknown !== undefined) {
    const names = lanes.map(({ name }) => name);
    const message = `There is no lane "${unknown.slice(0, 60)}"${didYouMean(unknown, names)}`;
    const remedy = names.length === 0 ? "Write lanes first" : `Use one of ${names.join(", ")}`;
    faults.push({ place: origins["worker.lanes"], code: "SIG-S-031", message, remedy });
  }
  const [first] = lanes;
  if (first === undefined) return faults;
  if (values["kafka.brokers"] === "")
    faults.push(fault(first, "Lanes need Kafka: records are moved by its transactions", "Set kafka.brokers"));
  const topics = sources.map(({ topic }) => topic);
  for (const lane of lanes) {
    if (lane.source === null || topics.includes(lane.source)) continue;
    const message = `Lane "${lane.name}" is of source "${lane.source}", which is no source${didYouMean(lane.source, topics)}`;
    faults.push(fault(lane, message, `Use one of ${topics.join(", ")}`));
  }
  return [...faults, ...sources.flatMap(({ topic }) => faultsOf(topic, lanes, topics))];
}

function faultsOf(topic: string, all: readonly LaneSetting[], topics: readonly string[]): readonly ConfigFault[] {
  const lanes = all.filter((lane) => isOf(lane, topic));
  const last = lanes.at(-1);
  if (last === undefined) return [];
  if (lanes.length > LANES_MAX)
    return [fault(last, `Source "${topic}" has ${lanes.length} lanes`, `Keep at most ${LANES_MAX}`)];
  const faults: ConfigFault[] = [];
  for (const [index, lane] of lanes.entries()) {
    if (lanes.findIndex(({ name }) => name === lane.name) < index)
      faults.push(fault(lane, `Lane "${lane.name}" of source "${topic}" stands twice`, "Give each a name of its own"));
    const target = laneTopic(topic, lane.name);
    if (topics.includes(target)) faults.push(fault(lane, `The topic of the lane, ${target}, is a source`, "Remove it"));
    if (target.length > 249)
      faults.push(fault(lane, "The name of its topic would be longer than 249", "Give the lane a shorter name"));
    const before = lanes.slice(0, index).find((one) => !takesAll(one) && takesAllOf(one, lane));
    if (before !== undefined && before.name !== lane.name) {
      const message = `Lane "${lane.name}" of source "${topic}" is never reached: "${before.name}" before it takes all its records`;
      faults.push(fault(lane, message, `Put it before "${before.name}", or change its conditions`));
    }
    if (lane === last || !takesAll(lane)) continue;
    const message = `Lane "${lane.name}" takes every record of source "${topic}": those behind it are never reached`;
    faults.push(fault(lane, message, "Put it last, or give it a condition"));
  }
  if (takesAll(last)) return faults;
  const message = `A record of source "${topic}" that meets no condition would have no lane`;
  return [...faults, fault(last, message, "Add a last lane without conditions, as - lane: rest")];
}

function fault({ place }: LaneSetting, message: string, remedy: string): ConfigFault {
  return { place, code: "SIG-S-031", message, remedy };
}

/** Lanes of contracts or versions that do not exist. */
export function checkLanes(
  routes: readonly RouteConfig[],
  contracts: readonly LoadedContract[],
): readonly ConfigFault[] {
  const subjects = contracts.map(({ subject }) => subject);
  return routes.flatMap(({ source, lanes }) =>
    lanes.flatMap(({ setting }): readonly ConfigFault[] => {
      const subject = setting.subject ?? source.subject;
      const contract = contracts.find((one) => one.subject === subject);
      if (contract === undefined) {
        const message = `Lane "${setting.name}" names contract "${subject}", which does not exist${didYouMean(subject, subjects)}`;
        return [fault(setting, message, `Use one of ${subjects.slice(0, 20).join(", ")}`)];
      }
      const known = contract.versions.map(({ version }) => version);
      const missing = setting.versions?.find((version) => !known.includes(version));
      if (missing === undefined) return [];
      const message = `Lane "${setting.name}" names version ${missing}, and contract "${subject}" has no such version`;
      return [fault(setting, message, `Use one of ${known.join(", ")}`)];
    }),
  );
}

/** A source with lanes. */
export type RouteConfig = {
  readonly source: SourceSetting;
  readonly lanes: readonly (Lane & { readonly setting: LaneSetting })[];
};

/** The sources that have lanes, and what is decided: the sources that have none, and the lanes of the others. */
export function routesOf({ lanes, sources, "worker.lanes": only }: SettingValues): {
  readonly routes: readonly RouteConfig[];
  readonly decided: readonly SourceSetting[];
  readonly laneNames: readonly string[];
} {
  const routes = sources.flatMap((source): readonly RouteConfig[] => {
    const own = lanes.filter((lane) => isOf(lane, source.topic));
    if (own.length === 0) return [];
    return [{ source, lanes: own.map((setting) => laneIn(source.topic, setting)) }];
  });
  const laneNames = listOf(only);
  const decided = sources.flatMap((source) => {
    const route = routes.find((one) => one.source === source);
    if (route === undefined) return laneNames.length === 0 ? [source] : [];
    return route.lanes
      .filter(({ name }) => laneNames.length === 0 || laneNames.includes(name))
      .map(({ topic, setting }) => sourceOf(source, topic, setting.subject));
  });
  return { routes, decided, laneNames };
}

function laneIn(source: string, setting: LaneSetting): Lane & { readonly setting: LaneSetting } {
  const { name, subject, versions, bytesMin, priorities, priorityField } = setting;
  const when = { subject, versions, bytesMin, priorities, priorityField };
  return { name, topic: laneTopic(source, name), when, setting };
}

/** The topic of a lane, bound as its source is; a lane of another contract carries what declares that contract. */
function sourceOf(source: SourceSetting, topic: string, subject: string | null): SourceSetting {
  if (subject === null || subject === source.subject) return { ...source, topic };
  return { topic, subject, accepts: null, defaultVersion: null, partitions: source.partitions };
}

/** Every topic that the contract set binds: what is decided, what is routed, and the lanes that other processes read. */
export function boundSources(
  sources: readonly SourceSetting[],
  routes: readonly RouteConfig[],
): readonly SourceSetting[] {
  const bound = [
    ...sources,
    ...routes.flatMap(({ source, lanes }) => [
      source,
      ...lanes.map(({ topic, setting }) => sourceOf(source, topic, setting.subject)),
    ]),
  ];
  return bound.filter(({ topic }, index) => bound.findIndex((one) => one.topic === topic) === index);
}

const WRITTEN = "must be written name@source?key=value&key=value, separated by commas";

/** Parses `name@source?key=value&key=value`, separated by commas; a list is written 1+2. */
export function parseLanes(
  text: string,
): { readonly ok: true; readonly value: readonly LaneSetting[] } | { readonly ok: false; readonly problem: string } {
  const lanes: LaneSetting[] = [];
  for (const part of listOf(text)) {
    const [, name, source, query = ""] = /^([^@?\s]+)(?:@([^?\s]+))?(?:\?(\S*))?$/.exec(part) ?? [];
    if (name === undefined) return { ok: false, problem: WRITTEN };
    const parts = new Map<LanePart, readonly string[]>([["lane", [name]]]);
    if (source !== undefined) parts.set("source", [source]);
    for (const pair of query.split("&").filter((one) => one !== "")) {
      const [key, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const known = QUERY.find((one) => one === key);
      if (known === undefined) return { ok: false, problem: WRITTEN };
      parts.set(known, LISTS.has(known) ? value.split("+").map(decodeURIComponent) : [decodeURIComponent(value)]);
    }
    const lane = laneOf(parts, "environment SIGMA_LANES");
    if ("faults" in lane) return { ok: false, problem: `is not valid: ${lane.faults[0]?.message ?? ""}` };
    lanes.push(lane);
  }
  return { ok: true, value: lanes };
}

const QUERY: readonly LanePart[] = [
  "subject",
  "versions",
  "bytes_min",
  "priority",
  "priority_field",
  "in_flight",
  "failed_percent",
  "consecutive",
];
const LISTS: ReadonlySet<LanePart> = new Set(["versions", "priority"]);

/** The text that {@link parseLanes} reads. */
export function describeLane(lane: LaneSetting): string {
  const values: Partial<Record<LanePart, readonly (string | number)[] | string | number | null>> = {
    subject: lane.subject,
    versions: lane.versions,
    bytes_min: lane.bytesMin,
    priority: lane.priorities,
    priority_field: lane.priorityField,
    in_flight: lane.inFlight,
    failed_percent: lane.failedPercent,
    consecutive: lane.consecutive,
  };
  const query = Object.entries(values).flatMap(([key, value]) => {
    if (value === null) return [];
    const texts = typeof value === "object" ? value : [value];
    return [`${key}=${texts.map((one) => encodeURIComponent(one).replaceAll("%2F", "/")).join("+")}`];
  });
  return `${lane.name}${lane.source === null ? "" : `@${lane.source}`}${query.length === 0 ? "" : `?${query.join("&")}`}`;
}
