import { expect, test } from "vitest";
import { actorFrom, readActor } from "../../src/operator/origin.ts";

test("an actor says who it was and from where, and is read back so", () => {
  expect(readActor(actorFrom("ann", { via: "cli" }))).toEqual({ who: "ann", via: "cli", address: null });
  const remote = actorFrom("till (key 5c19c2d0a3f1)", { via: "api", address: "fe80::1" });
  expect(remote).toBe("till (key 5c19c2d0a3f1) via api from fe80::1");
  expect(readActor(remote)).toEqual({ who: "till (key 5c19c2d0a3f1)", via: "api", address: "fe80::1" });
});

test("nobody comes from elsewhere by calling themselves so, and earlier builds did not say it", () => {
  const claimed = actorFrom("ann via cli", { via: "api", address: "10.0.0.9" });
  expect(readActor(claimed)).toEqual({ who: "ann via cli", via: "api", address: "10.0.0.9" });
  expect(readActor("ann")).toEqual({ who: "ann", via: null, address: null });
});
