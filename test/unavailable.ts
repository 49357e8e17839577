import { expect } from "vitest";
import { Unavailable } from "../src/core/unavailable.ts";

/** The `Unavailable` that some work ends with; fails when it ends otherwise. */
export async function unavailable(work: Promise<unknown> | (() => unknown)): Promise<Unavailable> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    expect(error).toBeInstanceOf(Unavailable);
    return error as Unavailable;
  }
  throw new Error("it was available");
}
