import type { JsonObject } from "../json/json.ts";
import type { ExplainBranches, ReferenceDepth } from "./combine.ts";
import type { AnyPart, Node } from "./node.ts";
import type { Site } from "./report.ts";

/** The context for compiling the keywords of one schema. */
export type Builder = {
  readonly schema: JsonObject;
  readonly parts: readonly AnyPart[];
  readonly site: (keyword: string, expected: string, message: string) => Site;
  readonly siteAt: (path: string, keyword: string, expected: string, message: string) => Site;
  readonly below: (...steps: readonly (string | number)[]) => Node;
  readonly depth: ReferenceDepth;
  readonly referred: (reference: string, isDynamic: boolean) => Node;
  readonly branches: (keyword: "anyOf" | "oneOf") => {
    readonly nodes: readonly Node[];
    readonly explain: ExplainBranches;
  };
};
