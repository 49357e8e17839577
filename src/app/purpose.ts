/**
 * What an engine is opened for: to write as a member of the group, only to look, which changes nothing, or to act on
 * streams beside a gateway that runs.
 */
export type Purpose = "gateway" | "look" | "operate";
