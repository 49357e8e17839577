/** One broken constraint of a schema. */
export type Violation = {
  /** RFC 6901 pointer into the payload; for a missing field, the place where it should be. */
  readonly pointer: string;
  readonly keyword: string;
  /** RFC 6901 pointer into the schema. */
  readonly schemaPath: string;
  /** For people; quotes a value of the payload only when the contract allows it. */
  readonly message: string;
  /** What the contract requires here, in words: `string`, `one of eu, us`. */
  readonly expected: string;
  /**
   * The kind of the value found (`nothing` for a missing field), and the value itself when the contract allows showing
   * it.
   */
  readonly got: string;
  /**
   * First byte and the byte after the last of the value in the record's value; for a missing field, those of the object
   * around it.
   */
  readonly bytes?: readonly [from: number, to: number];
  /** The branches of `anyOf` and `oneOf` that the value was judged by, outermost first; absent when there are none. */
  readonly branches?: readonly Branch[];
};

/** The branch of `anyOf` or `oneOf` that a payload was presumably meant for. */
export type Branch = {
  /** RFC 6901 pointer into the schema: `/oneOf/1`. */
  readonly schemaPath: string;
  /** RFC 6901 pointer to the value that the branches apply to. */
  readonly pointer: string;
  /** `kind = lambda`, or the branch's title, or its number. */
  readonly name: string;
  /**
   * Why this branch was chosen: a field with fixed values names it, only it allows this kind of value, or it has the
   * fewest violations.
   */
  readonly chosenBy: "field" | "kind" | "nearest";
};
