import type { LaneConditions } from "../lanes/lane.ts";
import type { WebhookFormat } from "../notify/format.ts";
import type { NotifiedType } from "../notify/notification.ts";
import type { Objective } from "../slo/objective.ts";

/** A topic, and the contract that judges its records. */
export type SourceSetting = {
  readonly topic: string;
  readonly subject: string;
  /** The contract versions that records of the topic may declare; null: any live version. */
  readonly accepts: readonly number[] | null;
  /** The version that judges records which declare no version; null: such records are FAILED contract-undeclared. */
  readonly defaultVersion: number | null;
  readonly partitions: number;
};

/** A URL that is told what happened. */
export type WebhookSetting = {
  readonly url: string;
  readonly format: WebhookFormat;
  /** Secrets that sign for this one; null: those of all webhooks. */
  readonly secrets: readonly string[] | null;
  /** What it is told of; null: everything. */
  readonly events: readonly NotifiedType[] | null;
};

/** A lane, and the place where it is written: `file:line:column`, or a variable. */
export type LaneSetting = LaneConditions & {
  readonly name: string;
  /** The source whose records it takes; null: it is a lane of every source. */
  readonly source: string | null;
  /** Most records of the lane that a process settles at a time; null: as many as without lanes. */
  readonly inFlight: number | null;
  /** Breakers of the lane, as breaker.failed_percent and breaker.consecutive; null: as those say. */
  readonly failedPercent: number | null;
  readonly consecutive: number | null;
  readonly place: string;
};

/** An objective, and the place where it is written: `file:line:column`, or a variable. */
export type ObjectiveSetting = Objective & { readonly place: string };

export type SettingValue =
  | string
  | number
  | boolean
  | readonly SourceSetting[]
  | readonly WebhookSetting[]
  | readonly ObjectiveSetting[]
  | readonly LaneSetting[];

/** The kind and the bounds of a value. `texts` are one text, in which commas separate them (`listOf`). `bytes` may be written with a unit: 1048576, 1024 KiB, 1 MiB. */
export type ValueKind =
  | { readonly kind: "text" | "texts" | "path" | "boolean" | "sources" | "webhooks" | "objectives" | "lanes" }
  | { readonly kind: "integer" | "bytes"; readonly min: number; readonly max: number }
  | { readonly kind: "choice"; readonly values: readonly string[] };

/** The declaration of one setting, under its key in a table such as `HTTP_SETTINGS`. */
export type SettingRow = {
  readonly value: ValueKind;
  /** "" where nothing is set. */
  readonly byDefault: SettingValue;
  /** One sentence for people: in the help of a command, in errors and on the reference page. */
  readonly description: string;
  /** Long option, where a command takes it. */
  readonly flag?: string;
  /** Another variable that means the same, as other tools have it. The variable that is named after the key wins. */
  readonly alias?: string;
  /** The value is never shown. */
  readonly secret?: boolean;
};

/** The type that a value of a row has. */
export type ValueOf<Row> = Row extends {
  readonly value: { readonly kind: "choice"; readonly values: readonly (infer Choice)[] };
}
  ? Choice
  : Row extends { readonly value: { readonly kind: infer Kind extends keyof TypeOfKind } }
    ? TypeOfKind[Kind]
    : never;

type TypeOfKind = {
  readonly text: string;
  readonly texts: string;
  readonly path: string;
  readonly boolean: boolean;
  readonly integer: number;
  readonly bytes: number;
  readonly sources: readonly SourceSetting[];
  readonly webhooks: readonly WebhookSetting[];
  readonly objectives: readonly ObjectiveSetting[];
  readonly lanes: readonly LaneSetting[];
};

/**
 * What a table of rows has to be: each default has the type of its value, and no row has a member that {@link SettingRow} lacks, as
 * a misspelt `alias`. The tables are checked where they are joined (settings.ts), as `isolatedDeclarations` forbids `satisfies` on
 * an exported table.
 */
export type CheckedRows<Rows> = {
  readonly [Key in keyof Rows]: SettingRow & { readonly byDefault: ValueOf<Rows[Key]> } & {
    readonly [Strange in Exclude<keyof Rows[Key], keyof SettingRow>]: never;
  };
};
