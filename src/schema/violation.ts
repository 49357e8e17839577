/** One broken constraint of a schema. */
export type Violation = {
  /** RFC 6901 pointer into the payload. */
  readonly pointer: string;
  readonly keyword: string;
  /** RFC 6901 pointer into the schema. */
  readonly schemaPath: string;
  /** For people; never quotes a value of the payload. */
  readonly message: string;
};
