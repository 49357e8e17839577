import { isObject } from "../json/json.ts";
import { KEYWORDS } from "../schema/keywords.ts";
import { nodesByName, nodesInList, nodeUnder, rootOf, type SchemaDocument, type SchemaNode } from "./schema-node.ts";

/** Every schema object of a document, definitions among them, outermost first. */
export function everyNode(document: SchemaDocument): readonly SchemaNode[] {
  const found = [rootOf(document)];
  for (const node of found) found.push(...partsOf(node));
  return found.filter(({ schema }) => isObject(schema));
}

/** Every schema written directly inside a node. */
export function partsOf(node: SchemaNode): readonly SchemaNode[] {
  return Object.entries(KEYWORDS).flatMap(([keyword, shape]) => {
    switch (shape) {
      case "value":
        return [];
      case "schema":
        return [nodeUnder(node, keyword)].filter((one) => one !== null);
      case "schemas":
        return nodesInList(node, keyword);
      case "map":
      case "pattern-map":
        return [...nodesByName(node, keyword).values()];
    }
  });
}
