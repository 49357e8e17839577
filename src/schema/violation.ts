/** One broken constraint of a schema. */
export type Violation = {
  /** RFC 6901 pointer into the payload; of a missing field, where it should be. */
  readonly pointer: string;
  readonly keyword: string;
  /** RFC 6901 pointer into the schema. */
  readonly schemaPath: string;
  /** For people; never quotes a value of the payload that the contract does not allow to be shown. */
  readonly message: string;
  /** What the contract asks here, in words: `string`, `one of eu, us`. */
  readonly expected: string;
  /** The kind of value that is there (`nothing` of a missing field), and the value itself where the contract shows it. */
  readonly got: string;
  /** First byte and the byte after the last of the value in the raw record; of a missing field, of the object around it. */
  readonly bytes?: readonly [from: number, to: number];
  /** The branches of `anyOf` and `oneOf` it was judged by, outermost first; absent when there is none. */
  readonly branches?: readonly Branch[];
};

/** A branch of `anyOf` or `oneOf` that a payload was taken to be meant for. */
export type Branch = {
  /** RFC 6901 pointer into the schema: `/oneOf/1`. */
  readonly schemaPath: string;
  /** Of the value the branches speak of. */
  readonly pointer: string;
  /** `kind = lambda`, or the branch's title, or its number. */
  readonly name: string;
  /** Why this one: its field of fixed values says so, no other takes this kind of value, or least is wrong by it. */
  readonly chosenBy: "field" | "kind" | "nearest";
};
