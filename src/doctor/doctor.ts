import { join } from "node:path";
import { loadContractSet, placed, type ContractsResult } from "../app/contracts.ts";
import { checkEngines } from "../app/engine-checks.ts";
import type { Config } from "../config/config.ts";
import { idleDefaults } from "../contract/idle-defaults.ts";
import { Unavailable } from "../core/unavailable.ts";
import { checkAccess } from "./access.ts";
import { checkAnchors } from "./anchors.ts";
import { fail, ok, type Check } from "./check.ts";
import { checkData, checkRestores } from "./data.ts";
import { checkLanes } from "./lanes.ts";
import { checkDirectory, checkPort } from "./machine.ts";
import { checkTls } from "./tls.ts";

/**
 * Checks this machine, the configuration, the contracts, the engines and the data, in the order in which faults should
 * be fixed.
 */
export async function examine(config: Config): Promise<readonly Check[]> {
  const contracts = await loadContractSet(config);
  const embedded = config.kafka === null || config.mongodbUri === null;
  return [
    ok("node", `Node ${process.versions.node}, SQLite ${process.versions.sqlite ?? "missing"}`),
    ok("configuration", "every setting is valid"),
    ...describeContracts(config, contracts),
    ...(embedded ? checkDirectory(config) : []),
    await checkPort(config),
    ...(await checkTls(config, Date.now())),
    ...(await checkAccess(config, Date.now)),
    ...(await engineChecks(config, contracts)),
    ...(await checkLanes(config)),
    ...(embedded ? await checkRestores(config) : []),
    ...(embedded ? await checkData(config) : []),
    ...(await checkAnchors(config)),
  ];
}

/** Checks the engines. Unreadable files of a connection become failed checks too. */
async function engineChecks(config: Config, contracts: ContractsResult): Promise<readonly Check[]> {
  try {
    return await checkEngines(config, contracts.ok ? contracts.set : null);
  } catch (error) {
    if (error instanceof Unavailable) return [fail("engines", `${error.code} ${error.message}`, error.remedy)];
    throw error;
  }
}

function describeContracts(config: Config, loaded: ContractsResult): readonly Check[] {
  if (!loaded.ok) {
    return loaded.faults
      .map(placed)
      .map(({ place, code, message, remedy }) => fail("contracts", `${place}: ${code} ${message}`, remedy));
  }
  const versions = [...loaded.set.bySubject.values()].reduce((sum, contract) => sum + contract.versions.size, 0);
  return [
    ok(
      "contracts",
      `${counted(loaded.set.bySubject.size, "contract")}, ${counted(versions, "version")}, as frozen in ${join(config.contractsDir, "contracts.lock")}`,
    ),
    ...idleDefaults(loaded.set).map(({ topic, message, remedy }) => fail(`source ${topic}`, message, remedy)),
  ];
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
