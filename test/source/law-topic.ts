/** The topic the laws of a source are run on. */
export const LAW_TOPIC = { name: "orders", partitions: 3 } as const;
