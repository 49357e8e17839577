import { isObject } from "../json/json.ts";
import { ok, fail, warn, type Check } from "../doctor/check.ts";
import { liveVersions, servedBy } from "./served.ts";
import type { ContractSet } from "../core/contract-set.ts";
import { Unavailable } from "../core/unavailable.ts";
import { askRegistry, type RegistryConnection } from "./client.ts";

const NAME = "schema registry";

/** Checks that a registry answers, accepts JSON Schema, and has the live versions of each topic. Nothing is written. */
export async function diagnoseRegistry(connection: RegistryConnection, set: ContractSet): Promise<readonly Check[]> {
  try {
    const types = await askRegistry(connection, "/schemas/types");
    if (types.kind === "error" || !Array.isArray(types.body)) {
      return [
        fail(
          NAME,
          "there is something at registry.url, and it is no schema registry",
          "check the path of registry.url",
        ),
      ];
    }
    if (!types.body.includes("JSON")) return [fail(NAME, "it takes no JSON Schema", "use a registry that does")];
    const checks: Check[] = [ok(NAME, "answers and takes JSON Schema")];
    for (const [name, versions] of servedBy(set).subjects) {
      if (!name.endsWith("-value")) continue;
      for (const { contract, version, schema } of liveVersions(versions)) {
        const body = { schemaType: "JSON", schema: schema() };
        const found = await askRegistry(connection, `/subjects/${encodeURIComponent(name)}`, body);
        const id = found.kind === "ok" && isObject(found.body) ? found.body["id"] : undefined;
        checks.push(
          typeof id === "number"
            ? ok(NAME, `${contract}@${version} is schema ${id} of ${name}`)
            : warn(
                NAME,
                `${contract}@${version} is not under ${name}`,
                `sigma contract publish ${contract}@${version} --as ${name}`,
              ),
        );
      }
    }
    return checks;
  } catch (error) {
    if (error instanceof Unavailable) return [fail(NAME, `${error.code} ${error.message}`, error.remedy)];
    throw error;
  }
}
