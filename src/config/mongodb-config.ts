import type { ConfigFault } from "./fault.ts";
import type { SettingsByKey } from "./settings.ts";

/** The server's limit is 100, of which the document around the payload takes one. */
const BSON_DEPTH_MAX = 98;

/** A URI that is not MongoDB's, and payloads that may be deeper than a document. */
export function mongodbFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const uri = values["mongodb.uri"];
  if (uri === "") return [];
  const faults: ConfigFault[] = [];
  if (!/^mongodb(?:\+srv)?:\/\/./.test(uri)) {
    const message = "The URI does not begin with mongodb://";
    const remedy = "Write mongodb://host:27017/database";
    faults.push({ place: origins["mongodb.uri"], code: "SIG-S-011", message, remedy });
  }
  const depth = values["limits.depth"];
  if (depth > BSON_DEPTH_MAX) {
    const message = `MongoDB keeps documents up to 100 levels deep, and limits.depth allows ${depth}`;
    const remedy = `Set limits.depth to ${BSON_DEPTH_MAX} or less`;
    faults.push({ place: origins["limits.depth"], code: "SIG-S-011", message, remedy });
  }
  return faults;
}
