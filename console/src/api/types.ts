// What the gateway answers, as the package says it to every client.
export type * from "../../../types/api.d.ts";
