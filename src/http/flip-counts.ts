/** JSON Schema of records by how a version would have judged them, of a what-if and of a version that looks on. */
export const FLIP_COUNTS = {
  title: "FlipCounts",
  type: "object",
  description: "Records by the recorded verdict and that of the version",
  required: ["passToPass", "passToFail", "failToPass", "failToFailSame", "failToFailChanged"],
  properties: {
    passToPass: { type: "integer", minimum: 0 },
    passToFail: { type: "integer", minimum: 0 },
    failToPass: { type: "integer", minimum: 0 },
    failToFailSame: { type: "integer", minimum: 0 },
    failToFailChanged: { type: "integer", minimum: 0 },
  },
} as const;
