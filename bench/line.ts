/** A shipment as the benchmarks send it: every tenth breaks the schema. */
export function shipmentLine(n: number): string {
  const weight = n % 10 === 5 ? -1.5 : (n % 900) + 0.5;
  return `{"shipment_id":"SHIP-${String(n).padStart(8, "0")}","weight_kg":${weight},"destination":"Dublin","priority":${(n % 3) + 1}}`;
}
