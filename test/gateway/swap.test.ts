import { expect, test } from "vitest";
import { holdContracts } from "../../src/contract/live-contracts.ts";
import { openContractSet, sealContractSet, type ContractSet } from "../../src/core/contract-set.ts";
import { openEmbedded, shipment, shipmentContracts } from "../embedded.ts";

test("a set that is swapped between batches: each batch is decided by one, and the ledger says by which", async () => {
  const embedded = await openEmbedded();
  await embedded.append(...Array.from({ length: 40 }, (_, index) => shipment(`S-${index}`, 600)));
  const light = JSON.parse(shipmentContracts(500).text) as ContractSet;
  const inForce = holdContracts({ set: shipmentContracts(1_000), about: new Map() });
  const asDraft = withVersions(JSON.parse(inForce.current().text) as ContractSet, light, "draft");
  const swapped = withVersions(JSON.parse(inForce.current().text) as ContractSet, light, "active");
  expect(await inForce.replace(sealContractSet(asDraft), new Map(), noPause)).toMatchObject({ kind: "swapped" });
  let batches = 0;
  const gateway = await embedded.settle({
    contracts: inForce.current,
    observe: (event) => {
      if (event.kind !== "batch-settled") return;
      batches += 1;
      // In the midst of the stream version 2, with a lower limit, becomes the default.
      if (batches === 4) void inForce.replace(sealContractSet(swapped), new Map(), noPause);
    },
  });
  const [stream] = gateway.streams();
  const entries = await embedded.store.reads.ledger(stream?.stream.id ?? "", 0, 100);
  const sets = entries.map(({ contractSet }) => contractSet);
  expect([...new Set(sets)]).toHaveLength(2);
  // One change, and never back.
  expect(sets.filter((set, index) => index > 0 && set !== sets[index - 1])).toHaveLength(1);
  const rows = await embedded.rows();
  for (const entry of entries.filter(({ kind }) => kind === "BATCH")) {
    const set = openContractSet(entry.contractSet, (await embedded.store.contractSet(entry.contractSet)) ?? "");
    const version = set?.set.bindings[0]?.defaultVersion;
    const decided = rows.filter(({ position }) => position.offset >= entry.from && position.offset < entry.to);
    expect(decided).toHaveLength(entry.count);
    expect(decided.map((row) => row.contract?.version)).toEqual(decided.map(() => version));
    expect([...new Set(decided.map(({ kind }) => kind))]).toEqual([version === 1 ? "validated" : "failed"]);
  }
  expect((await embedded.audit(true)).findings).toEqual([]);
});

function withVersions(base: ContractSet, light: ContractSet, status: "draft" | "active"): ContractSet {
  const [contract] = base.contracts;
  const [version] = light.contracts[0]?.versions ?? [];
  if (contract === undefined || version === undefined) throw new Error("there is no contract");
  const second = { ...version, version: 2, status };
  return {
    ...base,
    contracts: [{ ...contract, versions: [...contract.versions, second] }],
    bindings: base.bindings.map((binding) => ({ ...binding, defaultVersion: status === "draft" ? 1 : 2 })),
  };
}

async function noPause(): Promise<void> {}
