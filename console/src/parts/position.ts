/** The page of a record. @param position as `topic/partition@offset`; topics have no slash. */
export function positionPath(position: string): string {
  const [topic = "", rest = ""] = position.split("/");
  const [partition = "", offset = ""] = rest.split("@");
  return `/r/kafka/${[topic, partition, offset].map(encodeURIComponent).join("/")}`;
}
