/* oxlint-disable max-lines -- as long as the interface */
// Written by scripts/reference.ts from /openapi.json. Change the schemas of the routes, then run it.

export type Payload = Readonly<Record<string, unknown>>;

export type CloudEvent = {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time?: string;
  readonly datacontenttype?: string;
  /** Declares the version, as in sigma:shipment@1 */
  readonly dataschema?: string;
  /** Key of the record */
  readonly partitionkey?: string;
  /** The payload */
  readonly data?: unknown;
  /** The payload's bytes, instead of data */
  readonly data_base64?: string;
};

export type Problem = {
  readonly title: string;
  readonly type: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly remedy?: string;
  /** The page of the documentation that says how to look and what to do */
  readonly runbook?: string;
  /** Where the body cannot be read */
  readonly byteOffset?: number | null;
  /** RFC 6901 pointer into the body: what cannot be read */
  readonly pointer?: string;
  /** Attributes that a CloudEvent lacks */
  readonly missing?: readonly (string)[];
  /** The line that is too long, from 1 */
  readonly line?: number;
  /** Records that were appended before the request failed */
  readonly appended?: number;
  /** Where they lie */
  readonly ranges?: readonly ({
    readonly stream: string;
    readonly partition: number;
    readonly from: number;
    readonly to: number;
  })[];
  /** The versions that may be asked for */
  readonly available?: readonly ({
    readonly subject: string;
    readonly version: number;
  })[];
  /** What whoever asks has used as much of as one may */
  readonly limit?: "requests" | "bytes" | "records" | "topics" | "producers" | "groups";
  /** Whether there never will be a decision at the position */
  readonly final?: boolean;
  /** Of a duplicate or a conflict: where the fact lies that it repeats or contradicts */
  readonly fact?: {
    /** With it, /v1/decisions shows the decision that became the fact */
    readonly stream: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  };
  /** What retention took, or is taking, of this decision; absent where it took nothing */
  readonly taken?: readonly ({
    /** Of a fact the payload is what goes */
    readonly what: "failure" | "receipt" | "fact" | "evidence";
    /** When it was announced */
    readonly at: string;
    readonly actor: string;
    /** The term, as retention.failed 90d, and the time */
    readonly reason: string;
    /** Number of the action in the operator log */
    readonly action: number;
    /** False while retention is at it: some of it may be there still */
    readonly gone: boolean;
  })[];
  /** What became of the record when it was sent again, the first time first */
  readonly redrives?: readonly ({
    /** Id of the redrive plan */
    readonly plan: string;
    /** Stream of the redrive: with it, /v1/decisions shows this decision */
    readonly stream: string;
    readonly outcome: "stored" | "duplicate" | "conflict" | "failed" | "unknown";
    /** Id of the fact that it became, repeats or contradicts; null when it failed */
    readonly factId: string | null;
    /** Code of the failure; null when it passed, or its evidence is gone */
    readonly code: string | null;
    /** Of a duplicate or a conflict: where the fact lies that it repeats or contradicts */
    readonly fact?: {
      /** With it, /v1/decisions shows the decision that became the fact */
      readonly stream: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      /** What retention took, or is taking, of this decision; absent where it took nothing */
      readonly taken?: readonly ({
        /** Of a fact the payload is what goes */
        readonly what: "failure" | "receipt" | "fact" | "evidence";
        /** When it was announced */
        readonly at: string;
        readonly actor: string;
        /** The term, as retention.failed 90d, and the time */
        readonly reason: string;
        /** Number of the action in the operator log */
        readonly action: number;
        /** False while retention is at it: some of it may be there still */
        readonly gone: boolean;
      })[];
    };
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  })[];
  /** New records that people sent in its place, in order */
  readonly corrections?: readonly ({
    /** The record names it in the header sigma-correction */
    readonly id: string;
    readonly actor: string;
    readonly at: string;
    readonly reason: string;
    /** SHA-256 of the bytes that failed, hex */
    readonly failedDigest: string;
    /** SHA-256 of the new bytes, hex */
    readonly correctedDigest: string;
    /** Null when the append was never confirmed */
    readonly stream: string | null;
    readonly offset: number | null;
    readonly outcome: "stored" | "duplicate" | "conflict" | "failed" | "unknown" | "pending";
    readonly factId: string | null;
    readonly code: string | null;
    /** Of a duplicate or a conflict: where the fact lies that it repeats or contradicts */
    readonly fact?: {
      /** With it, /v1/decisions shows the decision that became the fact */
      readonly stream: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      /** What retention took, or is taking, of this decision; absent where it took nothing */
      readonly taken?: readonly ({
        /** Of a fact the payload is what goes */
        readonly what: "failure" | "receipt" | "fact" | "evidence";
        /** When it was announced */
        readonly at: string;
        readonly actor: string;
        /** The term, as retention.failed 90d, and the time */
        readonly reason: string;
        /** Number of the action in the operator log */
        readonly action: number;
        /** False while retention is at it: some of it may be there still */
        readonly gone: boolean;
      })[];
    };
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  })[];
  /** Of a record that was sent again: where it was decided first */
  readonly firstFailed?: {
    /** Id of the redrive plan */
    readonly plan: string;
    readonly stream: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** Code of that failure; null when it passed there, or its evidence is gone */
    readonly code: string | null;
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  };
  /** Of a corrected record: the failure that it was sent in the place of, by whom and why */
  readonly corrects?: {
    /** Id of the failure */
    readonly failure: string;
    readonly actor: string;
    readonly at: string;
    readonly reason: string;
    readonly failedDigest: string;
    readonly correctedDigest: string;
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  };
};

export type Origin = {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
};

export type Deprecation = {
  readonly deprecated: string | null;
  readonly sunset: string | null;
  readonly successor: string | null;
};

export type Decision = {
  readonly status: "PASSED" | "FAILED" | "PENDING" | "UNREADABLE";
  /** The very stream: a topic that is made anew has others */
  readonly stream?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly origin?: Origin;
  readonly id?: string;
  readonly contract?: {
    readonly subject: string;
    readonly version: number;
    readonly digest: string;
  } | null;
  readonly declaredBy?: "header" | "cloudevents" | "wire-format" | "payload" | "default" | null;
  readonly duplicate?: boolean;
  readonly storedAt?: string;
  /** Its bytes and its payload are gone, by an operator's word */
  readonly erased?: boolean;
  /** SHA-256 of the record's value; absent when it was erased */
  readonly rawHash?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly fingerprint?: string;
  readonly errors?: readonly ({
    readonly code: string;
    readonly detail: string;
    /** Of a broken rule: its id */
    readonly rule?: string;
    /** RFC 6901 pointer into the payload; of a missing field, where it should be */
    readonly pointer?: string;
    readonly keyword?: string;
    /** RFC 6901 pointer into the schema */
    readonly schemaPath?: string;
    /** What the contract asks here, in words */
    readonly expected?: string;
    /** The kind of value that is there, and the value where the contract shows it (x-show-value) */
    readonly got?: string;
    /** First byte of the value in the raw record, and the byte after the last */
    readonly bytes?: readonly (number)[];
    /** The branches of anyOf and oneOf that the payload was taken to be meant for, outermost first */
    readonly branches?: readonly ({
      readonly schemaPath: string;
      readonly pointer: string;
      readonly name: string;
      readonly chosenBy: "field" | "kind" | "nearest";
    })[];
  })[];
  /** Of a malformed payload: where in the raw record */
  readonly byteOffset?: number | null;
  /** Of a malformed payload: RFC 6901 pointer, where there is one */
  readonly pointer?: string | null;
  /** Of a conflict: the id that both records claim */
  readonly storedId?: string;
  /** Of a conflict: SHA-256 of the stored payload (RFC 8785), hex */
  readonly storedDigest?: string;
  /** Of a conflict: the same of this payload */
  readonly digest?: string;
  readonly deprecation?: Deprecation;
};

export type DecisionAndLineage = {
  readonly status: "PASSED" | "FAILED" | "PENDING" | "UNREADABLE";
  /** The very stream: a topic that is made anew has others */
  readonly stream?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly origin?: Origin;
  readonly id?: string;
  readonly contract?: {
    readonly subject: string;
    readonly version: number;
    readonly digest: string;
  } | null;
  readonly declaredBy?: "header" | "cloudevents" | "wire-format" | "payload" | "default" | null;
  readonly duplicate?: boolean;
  readonly storedAt?: string;
  /** Its bytes and its payload are gone, by an operator's word */
  readonly erased?: boolean;
  /** SHA-256 of the record's value; absent when it was erased */
  readonly rawHash?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly fingerprint?: string;
  readonly errors?: readonly ({
    readonly code: string;
    readonly detail: string;
    /** Of a broken rule: its id */
    readonly rule?: string;
    /** RFC 6901 pointer into the payload; of a missing field, where it should be */
    readonly pointer?: string;
    readonly keyword?: string;
    /** RFC 6901 pointer into the schema */
    readonly schemaPath?: string;
    /** What the contract asks here, in words */
    readonly expected?: string;
    /** The kind of value that is there, and the value where the contract shows it (x-show-value) */
    readonly got?: string;
    /** First byte of the value in the raw record, and the byte after the last */
    readonly bytes?: readonly (number)[];
    /** The branches of anyOf and oneOf that the payload was taken to be meant for, outermost first */
    readonly branches?: readonly ({
      readonly schemaPath: string;
      readonly pointer: string;
      readonly name: string;
      readonly chosenBy: "field" | "kind" | "nearest";
    })[];
  })[];
  /** Of a malformed payload: where in the raw record */
  readonly byteOffset?: number | null;
  /** Of a malformed payload: RFC 6901 pointer, where there is one */
  readonly pointer?: string | null;
  /** Of a conflict: the id that both records claim */
  readonly storedId?: string;
  /** Of a conflict: SHA-256 of the stored payload (RFC 8785), hex */
  readonly storedDigest?: string;
  /** Of a conflict: the same of this payload */
  readonly digest?: string;
  readonly deprecation?: Deprecation;
  /** What became of the record when it was sent again, the first time first */
  readonly redrives?: readonly ({
    /** Id of the redrive plan */
    readonly plan: string;
    /** Stream of the redrive: with it, /v1/decisions shows this decision */
    readonly stream: string;
    readonly outcome: "stored" | "duplicate" | "conflict" | "failed" | "unknown";
    /** Id of the fact that it became, repeats or contradicts; null when it failed */
    readonly factId: string | null;
    /** Code of the failure; null when it passed, or its evidence is gone */
    readonly code: string | null;
    /** Of a duplicate or a conflict: where the fact lies that it repeats or contradicts */
    readonly fact?: {
      /** With it, /v1/decisions shows the decision that became the fact */
      readonly stream: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      /** What retention took, or is taking, of this decision; absent where it took nothing */
      readonly taken?: readonly ({
        /** Of a fact the payload is what goes */
        readonly what: "failure" | "receipt" | "fact" | "evidence";
        /** When it was announced */
        readonly at: string;
        readonly actor: string;
        /** The term, as retention.failed 90d, and the time */
        readonly reason: string;
        /** Number of the action in the operator log */
        readonly action: number;
        /** False while retention is at it: some of it may be there still */
        readonly gone: boolean;
      })[];
    };
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  })[];
  /** New records that people sent in its place, in order */
  readonly corrections?: readonly ({
    /** The record names it in the header sigma-correction */
    readonly id: string;
    readonly actor: string;
    readonly at: string;
    readonly reason: string;
    /** SHA-256 of the bytes that failed, hex */
    readonly failedDigest: string;
    /** SHA-256 of the new bytes, hex */
    readonly correctedDigest: string;
    /** Null when the append was never confirmed */
    readonly stream: string | null;
    readonly offset: number | null;
    readonly outcome: "stored" | "duplicate" | "conflict" | "failed" | "unknown" | "pending";
    readonly factId: string | null;
    readonly code: string | null;
    /** Of a duplicate or a conflict: where the fact lies that it repeats or contradicts */
    readonly fact?: {
      /** With it, /v1/decisions shows the decision that became the fact */
      readonly stream: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      /** What retention took, or is taking, of this decision; absent where it took nothing */
      readonly taken?: readonly ({
        /** Of a fact the payload is what goes */
        readonly what: "failure" | "receipt" | "fact" | "evidence";
        /** When it was announced */
        readonly at: string;
        readonly actor: string;
        /** The term, as retention.failed 90d, and the time */
        readonly reason: string;
        /** Number of the action in the operator log */
        readonly action: number;
        /** False while retention is at it: some of it may be there still */
        readonly gone: boolean;
      })[];
    };
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  })[];
  /** Of a record that was sent again: where it was decided first */
  readonly firstFailed?: {
    /** Id of the redrive plan */
    readonly plan: string;
    readonly stream: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** Code of that failure; null when it passed there, or its evidence is gone */
    readonly code: string | null;
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  };
  /** Of a corrected record: the failure that it was sent in the place of, by whom and why */
  readonly corrects?: {
    /** Id of the failure */
    readonly failure: string;
    readonly actor: string;
    readonly at: string;
    readonly reason: string;
    readonly failedDigest: string;
    readonly correctedDigest: string;
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  };
  /** Of a duplicate or a conflict: where the fact lies that it repeats or contradicts */
  readonly fact?: {
    /** With it, /v1/decisions shows the decision that became the fact */
    readonly stream: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  };
  /** What retention took, or is taking, of this decision; absent where it took nothing */
  readonly taken?: readonly ({
    /** Of a fact the payload is what goes */
    readonly what: "failure" | "receipt" | "fact" | "evidence";
    /** When it was announced */
    readonly at: string;
    readonly actor: string;
    /** The term, as retention.failed 90d, and the time */
    readonly reason: string;
    /** Number of the action in the operator log */
    readonly action: number;
    /** False while retention is at it: some of it may be there still */
    readonly gone: boolean;
  })[];
};

export type Failure = {
  /** topic/partition@offset#number of the stream */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly stream: string;
  /** Timestamp of the record in its log, RFC 3339; null outside the years 0 to 9999 */
  readonly at: string | null;
  /** The same in milliseconds, any 64 bits */
  readonly atMs: number;
  readonly code: string;
  /** What is wrong, in one line */
  readonly detail: string;
  /** RFC 6901 pointers to the faults in the payload */
  readonly pointers: readonly (string)[];
  /** The group */
  readonly fingerprint: string;
  readonly contract: {
    readonly subject: string;
    readonly version: number;
  } | null;
  readonly declaredBy: string | null;
  /** The sender that the record names; nobody has verified it */
  readonly producer: string | null;
  /** Where the record arrived before a router moved it to its lane; absent where none did */
  readonly origin?: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  };
  /** Of a conflict: the machine id that both records claim */
  readonly identity?: string;
  /** Absent where it was not asked for, is not stored beside the failure, or was erased */
  readonly payload?: unknown;
};

export type FailureDetail = {
  /** topic/partition@offset#number of the stream */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly stream: string;
  /** Timestamp of the record in its log, RFC 3339; null outside the years 0 to 9999 */
  readonly at: string | null;
  /** The same in milliseconds, any 64 bits */
  readonly atMs: number;
  readonly code: string;
  /** What is wrong, in one line */
  readonly detail: string;
  /** RFC 6901 pointers to the faults in the payload */
  readonly pointers: readonly (string)[];
  /** The group */
  readonly fingerprint: string;
  readonly contract: {
    readonly subject: string;
    readonly version: number;
  } | null;
  readonly declaredBy: string | null;
  /** The sender that the record names; nobody has verified it */
  readonly producer: string | null;
  /** Where the record arrived before a router moved it to its lane; absent where none did */
  readonly origin?: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  };
  /** Of a conflict: the machine id that both records claim */
  readonly identity?: string;
  /** Absent where it was not asked for, is not stored beside the failure, or was erased */
  readonly payload?: unknown;
  /** What became of the record when it was sent again, the first time first */
  readonly redrives: readonly ({
    /** Id of the redrive plan */
    readonly plan: string;
    /** Stream of the redrive: with it, /v1/decisions shows this decision */
    readonly stream: string;
    readonly outcome: "stored" | "duplicate" | "conflict" | "failed" | "unknown";
    /** Id of the fact that it became, repeats or contradicts; null when it failed */
    readonly factId: string | null;
    /** Code of the failure; null when it passed, or its evidence is gone */
    readonly code: string | null;
    /** Of a duplicate or a conflict: where the fact lies that it repeats or contradicts */
    readonly fact?: {
      /** With it, /v1/decisions shows the decision that became the fact */
      readonly stream: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      /** What retention took, or is taking, of this decision; absent where it took nothing */
      readonly taken?: readonly ({
        /** Of a fact the payload is what goes */
        readonly what: "failure" | "receipt" | "fact" | "evidence";
        /** When it was announced */
        readonly at: string;
        readonly actor: string;
        /** The term, as retention.failed 90d, and the time */
        readonly reason: string;
        /** Number of the action in the operator log */
        readonly action: number;
        /** False while retention is at it: some of it may be there still */
        readonly gone: boolean;
      })[];
    };
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  })[];
  /** New records that people sent in its place, in order */
  readonly corrections: readonly ({
    /** The record names it in the header sigma-correction */
    readonly id: string;
    readonly actor: string;
    readonly at: string;
    readonly reason: string;
    /** SHA-256 of the bytes that failed, hex */
    readonly failedDigest: string;
    /** SHA-256 of the new bytes, hex */
    readonly correctedDigest: string;
    /** Null when the append was never confirmed */
    readonly stream: string | null;
    readonly offset: number | null;
    readonly outcome: "stored" | "duplicate" | "conflict" | "failed" | "unknown" | "pending";
    readonly factId: string | null;
    readonly code: string | null;
    /** Of a duplicate or a conflict: where the fact lies that it repeats or contradicts */
    readonly fact?: {
      /** With it, /v1/decisions shows the decision that became the fact */
      readonly stream: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      /** What retention took, or is taking, of this decision; absent where it took nothing */
      readonly taken?: readonly ({
        /** Of a fact the payload is what goes */
        readonly what: "failure" | "receipt" | "fact" | "evidence";
        /** When it was announced */
        readonly at: string;
        readonly actor: string;
        /** The term, as retention.failed 90d, and the time */
        readonly reason: string;
        /** Number of the action in the operator log */
        readonly action: number;
        /** False while retention is at it: some of it may be there still */
        readonly gone: boolean;
      })[];
    };
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  })[];
  /** Of a record that was sent again: where it was decided first */
  readonly firstFailed?: {
    /** Id of the redrive plan */
    readonly plan: string;
    readonly stream: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** Code of that failure; null when it passed there, or its evidence is gone */
    readonly code: string | null;
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  };
  /** Of a corrected record: the failure that it was sent in the place of, by whom and why */
  readonly corrects?: {
    /** Id of the failure */
    readonly failure: string;
    readonly actor: string;
    readonly at: string;
    readonly reason: string;
    readonly failedDigest: string;
    readonly correctedDigest: string;
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  };
  /** Of a duplicate or a conflict: where the fact lies that it repeats or contradicts */
  readonly fact?: {
    /** With it, /v1/decisions shows the decision that became the fact */
    readonly stream: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** What retention took, or is taking, of this decision; absent where it took nothing */
    readonly taken?: readonly ({
      /** Of a fact the payload is what goes */
      readonly what: "failure" | "receipt" | "fact" | "evidence";
      /** When it was announced */
      readonly at: string;
      readonly actor: string;
      /** The term, as retention.failed 90d, and the time */
      readonly reason: string;
      /** Number of the action in the operator log */
      readonly action: number;
      /** False while retention is at it: some of it may be there still */
      readonly gone: boolean;
    })[];
  };
  /** What retention took, or is taking, of this decision; absent where it took nothing */
  readonly taken?: readonly ({
    /** Of a fact the payload is what goes */
    readonly what: "failure" | "receipt" | "fact" | "evidence";
    /** When it was announced */
    readonly at: string;
    readonly actor: string;
    /** The term, as retention.failed 90d, and the time */
    readonly reason: string;
    /** Number of the action in the operator log */
    readonly action: number;
    /** False while retention is at it: some of it may be there still */
    readonly gone: boolean;
  })[];
};

export type Diagnosis = {
  readonly fingerprint: string;
  /** `failed`: it was asked, and there is no advice; `waiting` and `asking` also where there is advice */
  readonly state: "none" | "waiting" | "asking" | "advised" | "failed";
  /** What a language model said of the group: advice, not evidence. Null when there is none */
  readonly advice: {
    /** That it is advice */
    readonly notice: string;
    readonly diagnostic_summary: string;
    readonly probable_root_cause: string;
    /** In the model's own opinion */
    readonly confidence_level: "low" | "medium" | "high";
    readonly suggested_fix: string;
    readonly who_must_act: "producer" | "contract-owner" | "operator" | "nobody" | "unknown";
    readonly model: string;
    /** When it was asked, RFC 3339 */
    readonly at: string;
    /** SHA-256 of the question, hex */
    readonly promptDigest: string;
    readonly durationMs: number;
  } | null;
  /** Why the question failed; null when it did not */
  readonly trouble: {
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
    readonly model: string;
    readonly at: string;
  } | null;
};

export type FailureGroup = {
  readonly fingerprint: string;
  readonly code: string;
  readonly contract: {
    readonly subject: string;
    readonly version: number;
  } | null;
  /** Failures there ever were */
  readonly count: number;
  /** Failures since the hour of `since`; all without it */
  readonly recent: number;
  /** Records that were sent again and failed again; not part of count */
  readonly redriven: number;
  /** Timestamp of the first record in its log */
  readonly first: string | null;
  /** Timestamp of the last record in its log */
  readonly last: string | null;
  readonly topics: readonly (string)[];
  readonly state: {
    readonly kind: "open" | "acknowledged" | "fixed-in" | "muted";
    /** Of fixed-in: the version of the contract */
    readonly version?: number;
    /** Of muted: until when */
    readonly until?: string | null;
    /** Of muted: until so many failures */
    readonly threshold?: number | null;
    /** Who set it, and why */
    readonly set?: {
      readonly actor: string;
      readonly at: string;
      readonly text: string;
    };
    /** Failures since it was set */
    readonly since?: number;
  };
  readonly owner: string | null;
  /** What is wrong in a failure of the group, in one line */
  readonly why?: string;
};

export type FailureGroupDetail = {
  readonly fingerprint: string;
  readonly code: string;
  readonly contract: {
    readonly subject: string;
    readonly version: number;
  } | null;
  /** Failures there ever were */
  readonly count: number;
  /** Failures since the hour of `since`; all without it */
  readonly recent: number;
  /** Records that were sent again and failed again; not part of count */
  readonly redriven: number;
  /** Timestamp of the first record in its log */
  readonly first: string | null;
  /** Timestamp of the last record in its log */
  readonly last: string | null;
  readonly topics: readonly (string)[];
  readonly state: {
    readonly kind: "open" | "acknowledged" | "fixed-in" | "muted";
    /** Of fixed-in: the version of the contract */
    readonly version?: number;
    /** Of muted: until when */
    readonly until?: string | null;
    /** Of muted: until so many failures */
    readonly threshold?: number | null;
    /** Who set it, and why */
    readonly set?: {
      readonly actor: string;
      readonly at: string;
      readonly text: string;
    };
    /** Failures since it was set */
    readonly since?: number;
  };
  readonly owner: string | null;
  /** What is wrong in a failure of the group, in one line */
  readonly why?: string;
  /** What the failures of the group have in common, in words */
  readonly recipe: string;
  readonly notes: readonly ({
    readonly actor: string;
    readonly at: string;
    readonly text: string;
  })[];
  /** Failures by hour over the last 30 days; hours without any are left out */
  readonly trend: readonly ({
    /** RFC 3339; null outside the years 0 to 9999 */
    readonly hour: string | null;
    readonly count: number;
  })[];
  /** Counted among the newest failures, up to 1,000 */
  readonly sample: {
    /** How many failures these numbers are of */
    readonly looked: number;
    readonly producers: readonly ({
      readonly value: string;
      readonly count: number;
    })[];
    /** What was found; values only where the contract shows them (x-show-value) */
    readonly values: readonly ({
      readonly value: string;
      readonly count: number;
    })[];
    readonly declaredBy: readonly ({
      readonly value: string;
      readonly count: number;
    })[];
  };
  /** What a language model said of the group: advice, not evidence. Null when there is none */
  readonly advice: {
    /** That it is advice */
    readonly notice: string;
    readonly diagnostic_summary: string;
    readonly probable_root_cause: string;
    /** In the model's own opinion */
    readonly confidence_level: "low" | "medium" | "high";
    readonly suggested_fix: string;
    readonly who_must_act: "producer" | "contract-owner" | "operator" | "nobody" | "unknown";
    readonly model: string;
    /** When it was asked, RFC 3339 */
    readonly at: string;
    /** SHA-256 of the question, hex */
    readonly promptDigest: string;
    readonly durationMs: number;
  } | null;
  readonly examples: readonly ({
    /** topic/partition@offset#number of the stream */
    readonly id: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly stream: string;
    /** Timestamp of the record in its log, RFC 3339; null outside the years 0 to 9999 */
    readonly at: string | null;
    /** The same in milliseconds, any 64 bits */
    readonly atMs: number;
    readonly code: string;
    /** What is wrong, in one line */
    readonly detail: string;
    /** RFC 6901 pointers to the faults in the payload */
    readonly pointers: readonly (string)[];
    /** The group */
    readonly fingerprint: string;
    readonly contract: {
      readonly subject: string;
      readonly version: number;
    } | null;
    readonly declaredBy: string | null;
    /** The sender that the record names; nobody has verified it */
    readonly producer: string | null;
    /** Where the record arrived before a router moved it to its lane; absent where none did */
    readonly origin?: {
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
    };
    /** Of a conflict: the machine id that both records claim */
    readonly identity?: string;
    /** Absent where it was not asked for, is not stored beside the failure, or was erased */
    readonly payload?: unknown;
  })[];
};

export type RedrivePlan = {
  /** 12 hexadecimal digits */
  readonly id: string;
  readonly state: "planned" | "running" | "paused" | "cancelled" | "done";
  /** Records of the plan */
  readonly count: number;
  /** The contracts that it is about */
  readonly subjects: readonly (string)[];
  /** When it was planned, RFC 3339 */
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
  readonly run: {
    /** Who runs it: a process of the command line, or the gateways */
    readonly by: "cli" | "gateway";
    /** Records a second, at most; null: no limit */
    readonly rate: number | null;
  } | null;
  readonly runner?: {
    /** When its runner last said that it is at work; null: not yet */
    readonly at: string | null;
    /** Nobody has run it for a minute: run it again */
    readonly isSilent: boolean;
  } | null;
  /** The last thing that was done about it */
  readonly last: {
    readonly action: string;
    readonly at: string;
    readonly actor: string;
    readonly reason: string;
  };
  /** Which records were asked for; null: any. Times are resolved */
  readonly selection: {
    readonly kind: "failures" | "range";
    readonly fingerprint: string | null;
    readonly code: string | null;
    readonly topic: string | null;
    readonly partition: number | null;
    /** Offset, as text */
    readonly from: string | null;
    /** Offset, as text; excluded */
    readonly to: string | null;
    readonly fromMs: number | null;
    readonly toMs: number | null;
  };
  /** The version that is to judge; null: the one that each record declares */
  readonly toVersion: number | null;
  /** Digest of the contracts that the dry run was made with */
  readonly contractSet: string;
  /** SHA-256 over the frozen offsets */
  readonly digest: string;
  readonly streams: readonly ({
    readonly number: number;
    readonly stream: string;
    readonly topic: string;
    readonly partition: number;
    /** First offset, as text */
    readonly from: string;
    /** The offset behind the last, as text */
    readonly to: string;
    readonly count: number;
  })[];
  /** What the live contracts said when the plan was made; nothing of it is stored */
  readonly dryRun: {
    readonly passed: number;
    readonly failed: number;
    readonly groups: readonly ({
      readonly fingerprint: string;
      readonly code: string;
      /** Such as shipment@2; null when no version judged */
      readonly contract: string | null;
      /** RFC 6901 pointer of the first violation; null where there is none */
      readonly pointer?: string | null;
      readonly count: number;
    })[];
    readonly groupsTotal: number;
    /** Records whose identity a fact with other content has */
    readonly conflicts: number;
    /** Records that a fact has already */
    readonly duplicates: number;
    /** Records whose identity an earlier record of the plan has */
    readonly repeats: number;
    readonly unavailable: readonly ({
      readonly reason: string;
      readonly count: number;
    })[];
  };
};

export type Redrive = {
  /** 12 hexadecimal digits */
  readonly id: string;
  readonly state: "planned" | "running" | "paused" | "cancelled" | "done";
  /** Records of the plan */
  readonly count: number;
  /** The contracts that it is about */
  readonly subjects: readonly (string)[];
  /** When it was planned, RFC 3339 */
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
  readonly run: {
    /** Who runs it: a process of the command line, or the gateways */
    readonly by: "cli" | "gateway";
    /** Records a second, at most; null: no limit */
    readonly rate: number | null;
  } | null;
  readonly runner?: {
    /** When its runner last said that it is at work; null: not yet */
    readonly at: string | null;
    /** Nobody has run it for a minute: run it again */
    readonly isSilent: boolean;
  } | null;
  /** The last thing that was done about it */
  readonly last: {
    readonly action: string;
    readonly at: string;
    readonly actor: string;
    readonly reason: string;
  };
};

export type RedrivePlanDetail = {
  /** 12 hexadecimal digits */
  readonly id: string;
  readonly state: "planned" | "running" | "paused" | "cancelled" | "done";
  /** Records of the plan */
  readonly count: number;
  /** The contracts that it is about */
  readonly subjects: readonly (string)[];
  /** When it was planned, RFC 3339 */
  readonly at: string;
  readonly actor: string;
  readonly reason: string;
  readonly run: {
    /** Who runs it: a process of the command line, or the gateways */
    readonly by: "cli" | "gateway";
    /** Records a second, at most; null: no limit */
    readonly rate: number | null;
  } | null;
  readonly runner?: {
    /** When its runner last said that it is at work; null: not yet */
    readonly at: string | null;
    /** Nobody has run it for a minute: run it again */
    readonly isSilent: boolean;
  } | null;
  /** The last thing that was done about it */
  readonly last: {
    readonly action: string;
    readonly at: string;
    readonly actor: string;
    readonly reason: string;
  };
  /** Which records were asked for; null: any. Times are resolved */
  readonly selection: {
    readonly kind: "failures" | "range";
    readonly fingerprint: string | null;
    readonly code: string | null;
    readonly topic: string | null;
    readonly partition: number | null;
    /** Offset, as text */
    readonly from: string | null;
    /** Offset, as text; excluded */
    readonly to: string | null;
    readonly fromMs: number | null;
    readonly toMs: number | null;
  };
  /** The version that is to judge; null: the one that each record declares */
  readonly toVersion: number | null;
  /** Digest of the contracts that the dry run was made with */
  readonly contractSet: string;
  /** SHA-256 over the frozen offsets */
  readonly digest: string;
  readonly streams: readonly ({
    readonly number: number;
    readonly stream: string;
    readonly topic: string;
    readonly partition: number;
    /** First offset, as text */
    readonly from: string;
    /** The offset behind the last, as text */
    readonly to: string;
    readonly count: number;
  })[];
  /** What the live contracts said when the plan was made; nothing of it is stored */
  readonly dryRun: {
    readonly passed: number;
    readonly failed: number;
    readonly groups: readonly ({
      readonly fingerprint: string;
      readonly code: string;
      /** Such as shipment@2; null when no version judged */
      readonly contract: string | null;
      /** RFC 6901 pointer of the first violation; null where there is none */
      readonly pointer?: string | null;
      readonly count: number;
    })[];
    readonly groupsTotal: number;
    /** Records whose identity a fact with other content has */
    readonly conflicts: number;
    /** Records that a fact has already */
    readonly duplicates: number;
    /** Records whose identity an earlier record of the plan has */
    readonly repeats: number;
    readonly unavailable: readonly ({
      readonly reason: string;
      readonly count: number;
    })[];
  };
  /** What became of the records so far */
  readonly report: {
    readonly planned: number;
    /** Records that the run is through with; handled of planned is the progress */
    readonly handled: number;
    /** Passed, and facts now */
    readonly stored: number;
    /** Passed, and repeat a fact */
    readonly duplicates: number;
    /** Passed, and a fact with other content has their identity */
    readonly conflicts: number;
    /** Failed again */
    readonly failed: number;
    /** Passed, and not yet known what became of them */
    readonly pending: number;
    /** Could not be read any more when the run came to them */
    readonly unavailable: number;
    readonly groups: readonly ({
      readonly fingerprint: string;
      readonly code: string;
      /** Such as shipment@2; null when no version judged */
      readonly contract: string | null;
      /** RFC 6901 pointer of the first violation; null where there is none */
      readonly pointer?: string | null;
      readonly count: number;
    })[];
  };
};

export type CompatibilityVerdict = {
  /** compatible: proved for every payload; incompatible: a payload shows it; unknown: neither */
  readonly kind: "compatible" | "incompatible" | "unknown";
  /** The version whose payloads are asked about */
  readonly accepts: number;
  /** The version that is to take them all */
  readonly refuses: number;
  /** JSON text of a payload that the one version accepts and the other refuses; null without one */
  readonly witness: string | null;
  /** Why the witness is refused */
  readonly violations: readonly ({
    readonly pointer: string | null;
    readonly detail: string;
    readonly keyword: string | null;
    readonly rule: string | null;
  })[];
  /** What could not be proved, with pointers into the schema of the version that is to take them all */
  readonly undecided: readonly ({
    readonly pointer: string;
    readonly reason: string;
  })[];
};

export type ContractDiff = {
  readonly subject: string;
  readonly from: {
    readonly version: number;
    readonly status: "draft" | "active" | "deprecated" | "retired";
    readonly digest: string;
  };
  readonly to: {
    readonly version: number;
    readonly status: "draft" | "active" | "deprecated" | "retired";
    readonly digest: string;
  };
  readonly changes: readonly ({
    /** Kind of the change: docs/reference/changes.md */
    readonly rule: string;
    readonly effect: "narrows" | "widens" | "changes" | "notes";
    readonly meaning: string;
    /** RFC 6901 pointer into the schema; /rules, /identity and /formats beside it */
    readonly pointer: string;
    readonly keyword: string;
    /** JSON text; null where it did not exist */
    readonly before: string | null;
    /** JSON text; null where it does not exist any more */
    readonly after: string | null;
  })[];
  /** Changes that are not listed, because there are too many */
  readonly omitted: number;
  readonly backward: CompatibilityVerdict;
  readonly forward: CompatibilityVerdict;
};

export type ContractTraffic = {
  readonly subject: string;
  /** The version to write: the highest active one */
  readonly preferred: number | null;
  readonly since: string;
  /** Whether every decided record of that time is counted */
  readonly complete: boolean;
  readonly records: number;
  readonly versions: readonly ({
    readonly version: number;
    readonly records: number;
    readonly failed: number;
    readonly producers: number;
  })[];
  readonly producers: readonly ({
    /** As the records name it; null where they do not */
    readonly producer: string | null;
    /** Whether these are those that are not counted by name */
    readonly otherProducers: boolean;
    /** behind: sends older versions alone; moving: also the one to write; silent: sent nothing in this time */
    readonly state: "behind" | "moving" | "moved" | "silent";
    readonly sent: readonly ({
      readonly version: number;
      readonly records: number;
      readonly failed: number;
      /** When a gateway saw the first of all times */
      readonly first: string | null;
      /** When a gateway saw the last; noted once a minute */
      readonly last: string | null;
    })[];
  })[];
};

export type WhatIf = {
  readonly id: string;
  readonly subject: string;
  /** The version that judges */
  readonly version: number;
  readonly digest: string;
  /** Only records that this version had judged; null: whichever had */
  readonly of: number | null;
  /** As it was asked */
  readonly from: string | null;
  readonly to: string | null;
  readonly recordsMax: number;
  /** A cancelled run reports of the records that it had read */
  readonly state: "running" | "done" | "cancelled" | "failed";
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Records looked at so far */
  readonly records: number;
  /** Of them, those that passed and would fail */
  readonly newlyFailing: number;
  /** Whether it ended at `recordsMax`: the range may have more */
  readonly limited: boolean;
  /** Why it failed; null when it did not */
  readonly trouble: {
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
  } | null;
};

export type FlipCounts = {
  readonly passToPass: number;
  readonly passToFail: number;
  readonly failToPass: number;
  readonly failToFailSame: number;
  readonly failToFailChanged: number;
};

export type FlipGroup = {
  /** The producer, or the fingerprint */
  readonly name: string;
  /** The cause in words; null for a producer */
  readonly cause: string | null;
  readonly counts: FlipCounts;
  /** Positions of the first records of each kind, as topic/partition@offset */
  readonly examples: {
    readonly passToPass?: readonly (string)[];
    readonly passToFail?: readonly (string)[];
    readonly failToPass?: readonly (string)[];
    readonly failToFailSame?: readonly (string)[];
    readonly failToFailChanged?: readonly (string)[];
  };
};

export type WhatIfReport = {
  readonly engine: string;
  /** Of the report without its examples */
  readonly digest: string;
  readonly duplicates: number | null;
  readonly conflicts: number | null;
  readonly flips: {
    readonly counts: FlipCounts;
    readonly declared: FlipCounts;
    /** Of those that pass before and after: they would be another fact */
    readonly identityChanged: number;
    readonly producers: readonly (FlipGroup)[];
    readonly fingerprints: readonly (FlipGroup)[];
    /** Positions of the first records of each kind, as topic/partition@offset */
    readonly examples: {
      readonly passToPass?: readonly (string)[];
      readonly passToFail?: readonly (string)[];
      readonly failToPass?: readonly (string)[];
      readonly failToFailSame?: readonly (string)[];
      readonly failToFailChanged?: readonly (string)[];
    };
  };
  readonly coverage: {
    /** Decided records that were looked at */
    readonly decided: number;
    /** The records that the matrix is of */
    readonly redecided: number;
    /** Left out: another version than `of` had judged them */
    readonly otherVersions: number;
    readonly notRedecided: {
      readonly bytesNotKept: number;
      readonly unreadable: number;
      readonly notInLog: number;
      readonly notStored: number;
    };
  };
};

export type WhatIfDetail = {
  readonly id: string;
  readonly subject: string;
  /** The version that judges */
  readonly version: number;
  readonly digest: string;
  /** Only records that this version had judged; null: whichever had */
  readonly of: number | null;
  /** As it was asked */
  readonly from: string | null;
  readonly to: string | null;
  readonly recordsMax: number;
  /** A cancelled run reports of the records that it had read */
  readonly state: "running" | "done" | "cancelled" | "failed";
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Records looked at so far */
  readonly records: number;
  /** Of them, those that passed and would fail */
  readonly newlyFailing: number;
  /** Whether it ended at `recordsMax`: the range may have more */
  readonly limited: boolean;
  /** Why it failed; null when it did not */
  readonly trouble: {
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
  } | null;
  /** Null while it runs, and when it failed */
  readonly report: WhatIfReport | null;
};

export type OperatorAction = {
  /** 0, 1, 2 without a gap */
  readonly seq: number;
  /** By the clock of who acted */
  readonly at: string;
  /** A user of the machine, a key, or what somebody without a key called themselves */
  readonly who: string;
  /** Null: an earlier build, which did not keep it */
  readonly via: "cli" | "api" | null;
  /** Where a request came from */
  readonly address: string | null;
  readonly action: string;
  /** What was acted on: a stream, a contract version, a group, a plan, a key */
  readonly target: string;
  readonly reason: string;
  readonly detail: string;
  /** who, via and address, as the hash covers them */
  readonly actor: string;
  readonly prevHash: string;
  /** SHA-256 of the RFC 8785 form of actor, at, action, target, reason, detail, seq, prevHash */
  readonly hash: string;
};

export type Session = {
  /** local: nobody needs a key; nobody: whoever asks has to give one, or sign in */
  readonly kind: "local" | "key" | "person" | "certificate" | "nobody";
  readonly name: string;
  readonly roles: readonly (string)[];
  /** What X-CSRF-Token must have when a session changes something */
  readonly csrf: string | null;
  /** When the session ends if it is not used */
  readonly ends: string | null;
  /** Whether GET /auth/login leads somewhere */
  readonly signIn: boolean;
};

export type Key = {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly (string)[];
  /** The contracts it is for; with topics empty too: all records */
  readonly subjects: readonly (string)[];
  readonly topics: readonly (string)[];
  readonly madeAt: string;
  readonly madeBy: string;
  /** The key that took its place */
  readonly replacedBy: string | null;
  /** Null: never */
  readonly ends: string | null;
  readonly revokedAt: string | null;
  /** To the minute; null: never */
  readonly lastUse: string | null;
  readonly state: "active" | "revoked" | "expired";
};

export type MadeKey = {
  readonly id: string;
  /** The key itself: it is in this answer and nowhere kept */
  readonly key: string;
  /** The key whose place it takes */
  readonly replaces: string | null;
  readonly ends: string | null;
  /** When the replaced key ends */
  readonly oldEnds: string | null;
};

export type VolumeRow = {
  /** Begin of the hour or day, RFC 3339 */
  readonly time: string | null;
  /** Contract of the topic */
  readonly subject: string;
  /** The version that judged; null when none did */
  readonly version: number | null;
  /** The sender that the records name; null when they name none */
  readonly producer: string | null;
  /** Whether these are the producers that are not counted by name */
  readonly otherProducers: boolean;
  /** Became a fact */
  readonly stored: number;
  /** FAILED, conflicts aside */
  readonly failed: number;
  /** Repeats a fact: it was said again */
  readonly duplicate: number;
  /** Repeats a fact, with the time of its record: the same message delivered again */
  readonly redelivery: number;
  /** Contradicts a fact, and so FAILED */
  readonly conflict: number;
  /** Decided once more by a plan of failures, whatever came of it */
  readonly redriven: number;
  /** Decided once more by a plan of a range, whatever came of it */
  readonly replayed: number;
};

export type Objective = {
  readonly name: string;
  readonly kind: "availability" | "quality" | "freshness";
  /** Null: every stream */
  readonly contract: string | null;
  /** Freshness: the longest time that is good */
  readonly within: string | null;
  /** The share that is to be good, from 0 to 1 */
  readonly target: number;
  readonly window: string;
  /** The objective as a sentence */
  readonly promise: string;
  /** Since when it is counted; null: nothing was counted yet */
  readonly since: string | null;
  readonly state: "met" | "breached" | "no-data";
  /** Records in the window; of availability milliseconds of time */
  readonly good: number;
  readonly bad: number;
  /** The good share; null: nothing was counted */
  readonly ratio: number | null;
  /** 1: all of the budget; 0: none; below 0: the objective is missed */
  readonly budgetLeft: number;
  /** The most urgent alert that fires */
  readonly firing: "page" | "ticket" | null;
  readonly alerts: readonly ({
    readonly severity: "page" | "ticket";
    /** It fires while both windows burn more than so many times the budget */
    readonly factor: number;
    readonly long: string;
    readonly short: string;
    readonly longRate: number | null;
    readonly shortRate: number | null;
    readonly firing: boolean;
  })[];
};

export type RoutedStream = {
  readonly topic: string;
  readonly partition: number;
  readonly state: "starting" | "running" | "waiting";
  /** Everything below this offset is in its lanes */
  readonly movedTo: number | null;
  /** The end of the log; null: it cannot be asked now */
  readonly end?: number | null;
  /** Offsets that are not in their lanes yet */
  readonly lag?: number | null;
  /** How old the newest moved record is, where there is a lag; null: not known */
  readonly lagSeconds?: number | null;
  readonly trouble: {
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
    /** The page that says more: docs/runbooks/breaker-open.md */
    readonly runbook: string;
  } | null;
};

export type LiveRow = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The time of the record; null outside the years that RFC 3339 has */
  readonly at: string | null;
  /** A record that passed may be a duplicate */
  readonly verdict: "PASSED" | "FAILED";
  readonly contract: {
    readonly subject: string;
    readonly version: number;
  } | null;
  readonly producer: string | null;
  /** Its beginning; null also where the settings redact the contract */
  readonly key: string | null;
  readonly code: string | null;
  /** What is wrong, redacted */
  readonly detail: string | null;
  readonly fingerprint: string | null;
};

export type LiveFrame = {
  /** When the frame was made */
  readonly at: string;
  /** Records since the frame before that the filter lets through */
  readonly matched: number;
  /** How many of them are among the rows */
  readonly shown: number;
  /** All records since the frame before, whatever the filter */
  readonly decided: {
    readonly decided: number;
    readonly passed: number;
    readonly failed: number;
    readonly duplicates: number;
  };
  /** Spread evenly over what came, in the order of deciding */
  readonly rows: readonly (LiveRow)[];
};

export type LedgerStream = {
  /** By which documents refer to the stream */
  readonly number: number;
  /** Its id; a topic that is made anew has another */
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  /** The redrive plan whose stream it is; null: it is a log's */
  readonly plan: string | null;
  /** 0: nothing of it was decided yet */
  readonly entries: number;
  /** Everything below this offset is decided */
  readonly settledTo: number | null;
  /** The head: the hash of the last entry vouches for all before it */
  readonly hash: string | null;
  readonly engine: string | null;
  /** The time of the newest record of the last entry */
  readonly newestAt: string | null;
};

export type LedgerEntry = {
  readonly stream: string;
  /** 0, 1, 2 without a gap */
  readonly seq: number;
  readonly kind: "INIT" | "BATCH" | "GAP";
  /** The hash of the entry before; 64 zeros for the first */
  readonly prevHash: string;
  readonly from: number;
  /** The first offset that it does not cover */
  readonly to: number;
  /** Records in it; its other offsets are holes */
  readonly count: number;
  /** Of its outcomes; not hashed by itself */
  readonly passed: number;
  /** Of its outcomes; not hashed by itself */
  readonly failed: number;
  /** Run lengths of P passed, F failed, - hole */
  readonly outcomes: string;
  /** SHA-256 of its records as they were fetched; empty without records */
  readonly evidence: string;
  /** Of its records, milliseconds since the epoch */
  readonly newestMs: number;
  /** What became of the entry before, in run lengths of S, D, C, F, - */
  readonly applied: string;
  readonly holders: string;
  /** SHA-256 over its decisions */
  readonly root: string;
  readonly contractSet: string;
  readonly engine: string;
  readonly note: string;
  /** SHA-256 of the RFC 8785 form of the rest, where offsets are texts */
  readonly hash: string;
};

export type PositionProof = {
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Nothing is wrong, and nothing was skipped but what `checks` says */
  readonly verified: boolean;
  /** Null: the entry covers the offset, and it has no record */
  readonly outcome: "PASSED" | "FAILED" | null;
  readonly checks: readonly ({
    readonly step: "chain" | "evidence" | "decision" | "documents" | "sealed";
    readonly result: "ok" | "wrong" | "skipped";
    readonly says: string;
  })[];
  /** As `sigma audit` says them, of the whole entry; at most 100 */
  readonly findings: readonly ({
    readonly code: string;
    readonly seq: number | null;
    readonly offset: number | null;
    readonly message: string;
  })[];
  readonly entry: LedgerEntry;
  readonly before: {
    readonly seq: number;
    readonly hash: string;
  } | null;
  readonly behind: {
    readonly seq: number;
    readonly hash: string;
  } | null;
  readonly head: {
    readonly seq: number;
    readonly hash: string;
  };
};

export type Anchors = {
  /** Where this process writes anchors; empty: nowhere, or nothing was written yet */
  readonly places: readonly ({
    /** A file or a topic */
    readonly place: string;
    /** The last anchor since the process began */
    readonly writtenAt: string | null;
    /** A weakness of it */
    readonly remark: string | null;
    readonly trouble: {
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
    } | null;
    /** The last anchor as it lies there, verified with the public half of the gateway's key */
    readonly signature: {
      /** unknown: it could not be looked at */
      readonly kind: "verified" | "wrong" | "unknown";
      /** Of verified: the key that signed it */
      readonly key?: string;
      /** Of verified: its number in its chain */
      readonly counter?: number;
      /** Of verified: when it was written, by the gateway's clock */
      readonly at?: string;
      /** Of wrong and unknown */
      readonly why?: string;
    };
  })[];
  /** Streams whose ledger ends before an entry that this process knows: run `sigma audit --anchors` */
  readonly fallen: readonly ({
    readonly stream: string;
    readonly seq: number;
  })[];
};

export type ShownSetting = {
  readonly key: string;
  /** In words; (secret) for what is not shown */
  readonly value: string;
  /** default, or the file with its line, the variable or the option */
  readonly origin: string;
  readonly description: string;
};

export type Readiness = {
  readonly status: "ready" | "not ready";
  readonly streams: readonly ({
    readonly topic: string;
    readonly partition: number;
    readonly state: "starting" | "running" | "paused" | "halted" | "stopped";
    readonly settledTo: number | null;
    readonly trouble: {
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
      /** The page that says more: docs/runbooks/breaker-open.md */
      readonly runbook: string;
    } | null;
  })[];
  /** What is moved to lanes, where this process does it */
  readonly router?: readonly (RoutedStream)[];
};

export type SchemaText = {
  /** JSON text of a schema */
  readonly schema: string;
  readonly schemaType: "JSON";
};

export type RegistryVersion = {
  readonly subject: string;
  readonly version: number;
  /** Drawn from the version's digest: every gateway with this contract gives the same */
  readonly id: number;
  readonly guid: string;
  readonly schemaType: "JSON";
  readonly references: readonly (unknown)[];
  readonly metadata: {
    readonly properties?: Readonly<Record<string, unknown>>;
  };
  /** JSON text of the schema */
  readonly schema: string;
};

export type RegistrySchema = {
  readonly schemaType: "JSON";
  readonly schema: string;
  readonly id: number;
  readonly guid: string;
};

/** The JSON answer of each GET, by path. */
export type Answers = {
  "/v1/decide": {
    readonly contractSet: string;
    readonly engine: string;
  };
  "/v1/decisions/{topic}/{partition}/{offset}": DecisionAndLineage;
  "/v1/failures": {
    readonly failures: readonly (Failure)[];
    /** Cursor of the next page; null at the end. A page may have no failure and still a next one */
    readonly next: string | null;
    /** Failures that the page looked at: up to 1,000, with payloads 500 */
    readonly looked: number;
  };
  "/v1/failures/{id}": FailureDetail;
  "/v1/failures/groups/{fingerprint}/diagnosis": Diagnosis;
  "/v1/failures/groups": {
    readonly groups: readonly (FailureGroup)[];
    readonly next: string | null;
    /** Groups that pass the filter */
    readonly total: number;
  };
  "/v1/failures/groups/{fingerprint}": FailureGroupDetail;
  "/v1/redrives": {
    readonly redrives: readonly (Redrive)[];
    /** Cursor of the next page; null at the end */
    readonly next: string | null;
  };
  "/v1/redrives/{plan}": RedrivePlanDetail;
  "/v1/contracts": {
    readonly digest: string;
    readonly contracts: readonly ({
      readonly subject: string;
      readonly versions: readonly ({
        readonly version: number;
        readonly status: "draft" | "active" | "deprecated" | "retired";
        readonly digest: string;
      })[];
    })[];
    readonly bindings: readonly ({
      readonly topic: string;
      readonly subject: string;
      readonly accepts?: readonly (number)[];
      readonly defaultVersion: number | null;
    })[];
    /** Why the last change of the contract files was not taken; empty when it was */
    readonly refused?: readonly (string)[];
  };
  "/v1/contracts/{subject}": {
    readonly subject: string;
    readonly owner: string;
    readonly description: string;
    /** The version to write: the highest active one */
    readonly preferred: number | null;
    readonly topics: readonly ({
      readonly topic: string;
      readonly default: number | null;
      readonly accepts: readonly (number)[] | null;
    })[];
    readonly versions: readonly ({
      readonly subject: string;
      readonly version: number;
      readonly status: "draft" | "active" | "deprecated" | "retired";
      readonly digest: string;
      readonly deprecated: string | null;
      readonly sunset: string | null;
      readonly successor: number | null;
      /** Path of the JSON Schema */
      readonly schema: string;
    })[];
    readonly contractSet: string;
  };
  "/v1/contracts/{subject}/diff": ContractDiff;
  "/v1/contracts/{subject}/traffic": ContractTraffic;
  "/v1/what-ifs": {
    readonly whatIfs: readonly (WhatIf)[];
  };
  "/v1/what-ifs/{id}": WhatIfDetail;
  "/v1/operator-log": {
    readonly actions: readonly (OperatorAction)[];
    readonly next: string | null;
  };
  "/auth/session": Session;
  "/v1/keys": {
    readonly keys: readonly (Key)[];
  };
  "/v1/shadow": {
    readonly shadows: readonly ({
      readonly subject: string;
      readonly version: number;
      readonly digest: string;
      readonly state: "running" | "restarting" | "stopped";
      /** judged + dropped + lost + queued */
      readonly seen: number;
      /** The records the matrix is of */
      readonly judged: number;
      /** Never handed over: the queue was full, or the thread away */
      readonly dropped: number;
      /** Handed over to a thread that ended before it told of them */
      readonly lost: number;
      readonly queued: number;
      readonly restarts: number;
      readonly counts?: FlipCounts;
      readonly declared?: FlipCounts;
      /** Of those that pass before and after: they would be another fact */
      readonly identityChanged?: number;
    })[];
  };
  "/v1/shadow/{subject}/{version}": {
    readonly subject: string;
    readonly version: number;
    readonly digest: string;
    readonly state: "running" | "restarting" | "stopped";
    /** judged + dropped + lost + queued */
    readonly seen: number;
    /** The records the matrix is of */
    readonly judged: number;
    /** Never handed over: the queue was full, or the thread away */
    readonly dropped: number;
    /** Handed over to a thread that ended before it told of them */
    readonly lost: number;
    readonly queued: number;
    readonly restarts: number;
    readonly flips?: Readonly<Record<string, unknown>>;
  };
  "/v1/retention": {
    readonly terms: {
      /** As in 90d; null: for ever */
      readonly failed: string | null;
      /** As in 90d; null: for ever */
      readonly receipts: string | null;
      /** As in 90d; null: for ever */
      readonly facts: string | null;
      /** Other terms for the facts of some collections */
      readonly factsCollections: readonly ({
        readonly collection: string;
        /** As in 90d; null: for ever */
        readonly facts: string | null;
      })[];
      /** As in 90d; null: for ever */
      readonly evidence: string | null;
      /** Other terms for the failures of some collections */
      readonly collections: readonly ({
        readonly collection: string;
        /** As in 90d; null: for ever */
        readonly failed: string | null;
      })[];
    };
    /** How often this gateway takes away; null: never */
    readonly everyHours: number | null;
    /** The last run of this gateway; absent: none yet */
    readonly lastRun?: {
      readonly at: string;
      /** How many documents it took, with the records whose evidence it took */
      readonly announced: number;
      /** Why something stays that is too old */
      readonly faults: readonly (string)[];
    };
    readonly floors: readonly ({
      readonly stream: string;
      readonly topic: string;
      readonly partition: number;
      readonly documents: "failed" | "receipts" | "facts" | "evidence";
      /** Of the failures or facts; empty for receipts and evidence */
      readonly collection: string;
      /** Below this offset nothing is left; of facts, no payload */
      readonly beforeOffset: number;
      /** How many documents went in all; of facts, how many became tombstones; of evidence, of how many records */
      readonly removed: number;
      /** When the floor was last raised */
      readonly at: string;
      readonly actor: string;
      /** The term that said so */
      readonly reason: string;
      /** False while documents are on their way out */
      readonly complete: boolean;
    })[];
  };
  "/v1/volume": {
    readonly by: "hour" | "day";
    /** Whether every decided record is counted */
    readonly complete: boolean;
    /** Where not: records of later times are. Null when all are, or when a stream is not counted yet */
    readonly countedSince: string | null;
    readonly totals: {
      /** Became a fact */
      readonly stored: number;
      /** FAILED, conflicts aside */
      readonly failed: number;
      /** Repeats a fact: it was said again */
      readonly duplicate: number;
      /** Repeats a fact, with the time of its record: the same message delivered again */
      readonly redelivery: number;
      /** Contradicts a fact, and so FAILED */
      readonly conflict: number;
      /** Decided once more by a plan of failures, whatever came of it */
      readonly redriven: number;
      /** Decided once more by a plan of a range, whatever came of it */
      readonly replayed: number;
    };
    readonly rows: readonly (VolumeRow)[];
  };
  "/v1/slo": {
    /** How many are missed */
    readonly breached: number;
    readonly objectives: readonly (Objective)[];
  };
  "/v1/status": {
    readonly version: string;
    readonly now: string;
    readonly upSeconds: number;
    readonly ready: boolean;
    /** Records since the start of this process, without redrives */
    readonly decided: {
      readonly decided: number;
      readonly passed: number;
      readonly failed: number;
      readonly duplicates: number;
    };
    readonly streams: readonly ({
      readonly topic: string;
      readonly partition: number;
      readonly state: "starting" | "running" | "paused" | "halted" | "stopped";
      readonly settledTo: number | null;
      /** The end of the log; null: it cannot be asked now */
      readonly end: number | null;
      /** Offsets that are not settled yet */
      readonly lag: number | null;
      /** How old the newest settled record is, where there is a lag; null: not known */
      readonly lagSeconds: number | null;
      /** Of the records of the topic that this process decided since its start, from 0 to 1; null: not counted */
      readonly share: number | null;
      /** The keys with at least a tenth of the records lately, at most five, of a sample; hashes where anything is redacted */
      readonly hotKeys: readonly ({
        readonly key: string;
        readonly share: number;
      })[];
      readonly trouble: {
        readonly code: string;
        readonly message: string;
        readonly remedy: string;
        /** The page that says more: docs/runbooks/breaker-open.md */
        readonly runbook: string;
      } | null;
    })[];
    /** What is moved to lanes, where this process does it */
    readonly router?: readonly (RoutedStream)[];
    /** The validators of decide.pool, where one is configured */
    readonly pool?: readonly ({
      readonly url: string;
      /** `other-set`: of other contracts, so not used */
      readonly state: "unknown" | "ready" | "away" | "other-set";
      /** Why it is not used */
      readonly why: string;
      /** Batches that it works on */
      readonly inFlight: number;
      /** Batches that it decided for this process */
      readonly batches: number;
    })[];
    /** The groups with most failures in the last hour (whole hours), at most ten */
    readonly groups: readonly ({
      readonly fingerprint: string;
      readonly code: string;
      readonly contract: {
        readonly subject: string;
        readonly version: number;
      } | null;
      readonly recent: number;
      readonly count: number;
      readonly last: string | null;
      /** What is wrong in a failure of the group, in one line */
      readonly why?: string;
    })[];
    /** Why groups and objectives are not known now and empty; absent when they are known */
    readonly storeTrouble?: {
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
      /** The page that says more: docs/runbooks/breaker-open.md */
      readonly runbook: string;
    } | null;
    readonly objectives: readonly ({
      readonly name: string;
      readonly state: "met" | "breached" | "no-data";
      readonly budgetLeft: number;
      readonly firing: "page" | "ticket" | null;
    })[];
  };
  "/v1/ledger": {
    readonly streams: readonly (LedgerStream)[];
    /** Cursor of the next page; null at the end */
    readonly next: string | null;
  };
  "/v1/ledger/entries": {
    readonly entries: readonly (LedgerEntry)[];
    /** Cursor of the next page; null at the end */
    readonly next: string | null;
  };
  "/v1/ledger/proof": PositionProof;
  "/v1/ledger/anchors": Anchors;
  "/v1/config": {
    readonly settings: readonly (ShownSetting)[];
  };
  "/livez": {
    readonly status: "alive";
  };
  "/readyz": Readiness;
};

/**
 * Each operation by its method and path: the parameters of its path and query, its JSON body and its JSON answer. Null: it has none; what is
 * not JSON is unknown.
 */
export type Operations = {
  "POST /api/validate": {
    readonly path: null;
    readonly query: null;
    readonly body: Payload;
    readonly answer: {
      readonly status: "PASSED" | "FAILED";
      readonly clean_data?: unknown;
      readonly reason?: "Schema validation failed" | "Business rule violation" | "Malformed payload" | "No contract version";
      /** Of a broken rule its message; else an object */
      readonly errors?: readonly ({
        readonly loc: readonly (string | number)[];
        readonly msg: string;
        /** As Pydantic 2 has it, for a broken schema; else our code */
        readonly type: string;
        readonly code?: string;
        readonly detail?: string;
        readonly pointer?: string | null;
        readonly keyword?: string;
        readonly schemaPath?: string;
        readonly expected?: string;
        readonly got?: string;
        readonly bytes?: readonly (number)[];
        readonly branches?: readonly (Readonly<Record<string, unknown>>)[];
        readonly byteOffset?: number | null;
      } | string)[];
      readonly received_payload?: unknown;
    };
  };
  "POST /v1/validate/{subject}/batch": {
    readonly path: {
      /** Name of the contract */
      readonly subject: string;
    };
    readonly query: {
      /** Version of the contract */
      readonly version?: string;
    };
    readonly body: unknown;
    readonly answer: unknown;
  };
  "POST /v1/validate/{subject}": {
    readonly path: {
      /** Name of the contract */
      readonly subject: string;
    };
    readonly query: {
      /** Version of the contract */
      readonly version?: string;
    };
    readonly body: Payload;
    readonly answer: Decision;
  };
  "GET /v1/decide": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly contractSet: string;
      readonly engine: string;
    };
  };
  "POST /v1/decide": {
    readonly path: null;
    readonly query: null;
    readonly body: unknown;
    readonly answer: unknown;
  };
  "POST /v1/events/{topic}": {
    readonly path: {
      /** Name of the topic */
      readonly topic: string;
    };
    readonly query: null;
    readonly body: Payload;
    readonly answer: {
      readonly topic: string;
      readonly count: number;
      readonly decisions: readonly (Decision)[];
      readonly deprecation?: Deprecation;
    };
  };
  "GET /v1/decisions/{topic}/{partition}/{offset}": {
    readonly path: {
      /** Name of the topic */
      readonly topic: string;
      /** The partition */
      readonly partition: string;
      /** The offset */
      readonly offset: string;
    };
    readonly query: {
      /** The very stream, as an append or a decision named it; without it the one that the topic has now */
      readonly stream?: string;
    };
    readonly body: null;
    readonly answer: DecisionAndLineage;
  };
  "GET /v1/decisions/{topic}/{partition}/{offset}/raw": {
    readonly path: {
      /** Name of the topic */
      readonly topic: string;
      /** The partition */
      readonly partition: string;
      /** The offset */
      readonly offset: string;
    };
    readonly query: {
      /** The very stream, as an append or a decision named it; without it the one that the topic has now */
      readonly stream?: string;
      /** Show bytes that the settings redact; with actor and reason, which are kept. Role: operator */
      readonly reveal?: "true";
      /** Who wants to see them; with a key it is the key */
      readonly actor?: string;
      /** Why; it is kept in the operator log */
      readonly reason?: string;
    };
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /v1/failures": {
    readonly path: null;
    readonly query: {
      /** records from this time on: RFC 3339 as 2026-11-29T10:00:00Z, or so long ago: 30m, 1h, 7d */
      readonly since?: string;
      /** records before this time, written in the same way */
      readonly until?: string;
      /** failure code, such as schema or malformed-not-json */
      readonly code?: string;
      /** fingerprint of the group */
      readonly group?: string;
      /** topic of the record */
      readonly topic?: string;
      /** partition of the record */
      readonly partition?: string;
      /** offset of the record */
      readonly offset?: string;
      /** where the record arrived before a router moved it: orders, orders/3 or orders/3@1042 */
      readonly origin?: string;
      /** contract that judged: shipment, or shipment@1 for one version */
      readonly contract?: string;
      /** version of the contract that judged */
      readonly version?: string;
      /** sender that the record names */
      readonly producer?: string;
      /** JSON pointer (RFC 6901) of a violation, such as /weight_kg */
      readonly pointer?: string;
      /** state of the group: open, acknowledged, fixed-in or muted */
      readonly state?: string;
      /** a field of the payload and its value: /destination=Dublin */
      readonly field?: string;
      /** Whether the payloads are part of the answer */
      readonly payload?: "true" | "false";
      /** Failures in a page, 1 to 1000; 50 without it */
      readonly limit?: string;
      /** `next` of the page before */
      readonly cursor?: string;
    };
    readonly body: null;
    readonly answer: {
      readonly failures: readonly (Failure)[];
      /** Cursor of the next page; null at the end. A page may have no failure and still a next one */
      readonly next: string | null;
      /** Failures that the page looked at: up to 1,000, with payloads 500 */
      readonly looked: number;
    };
  };
  "GET /v1/failures/{id}": {
    readonly path: {
      /** topic/partition@offset, and #number of the stream where there are several; percent-encoded */
      readonly id: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: FailureDetail;
  };
  "GET /v1/failures/{id}/raw": {
    readonly path: {
      /** topic/partition@offset, and #number of the stream where there are several; percent-encoded */
      readonly id: string;
    };
    readonly query: {
      /** Show bytes that the settings redact; with actor and reason, which are kept. Role: operator */
      readonly reveal?: "true";
      /** Who wants to see them; with a key it is the key */
      readonly actor?: string;
      /** Why; it is kept in the operator log */
      readonly reason?: string;
    };
    readonly body: null;
    readonly answer: unknown;
  };
  "POST /v1/failures/{id}/correct": {
    readonly path: {
      /** topic/partition@offset, and #number of the stream where there are several; percent-encoded */
      readonly id: string;
    };
    readonly query: null;
    readonly body: {
      /** Who corrects it; with a key it is the key, and without one it is required */
      readonly actor?: string;
      /** Why; kept for ever */
      readonly reason: string;
      /** The whole new value as text; its UTF-8 bytes are the record */
      readonly text?: string;
      /** The same in base64, for bytes that are no text */
      readonly base64?: string;
      /** The version that the new record declares, as shipment@2 */
      readonly contract?: string;
    };
    readonly answer: {
      /** The record names it in the header sigma-correction */
      readonly id: string;
      /** Id of the failure */
      readonly failure: string;
      /** SHA-256 of the bytes that failed, hex */
      readonly failedDigest: string;
      /** SHA-256 of the new bytes, hex */
      readonly correctedDigest: string;
      readonly stream: string;
      readonly offset: number;
    };
  };
  "GET /v1/failures/groups/{fingerprint}/diagnosis": {
    readonly path: {
      /** The group */
      readonly fingerprint: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: Diagnosis;
  };
  "POST /v1/failures/groups/{fingerprint}/diagnosis": {
    readonly path: {
      /** The group */
      readonly fingerprint: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: Diagnosis;
  };
  "GET /v1/failures/groups": {
    readonly path: null;
    readonly query: {
      /** records from this time on: RFC 3339 as 2026-11-29T10:00:00Z, or so long ago: 30m, 1h, 7d */
      readonly since?: string;
      /** failure code, such as schema or malformed-not-json */
      readonly code?: string;
      /** contract that judged: shipment, or shipment@1 for one version */
      readonly contract?: string;
      /** topic of the record */
      readonly topic?: string;
      /** state of the group: open, acknowledged, fixed-in or muted */
      readonly state?: string;
      /** Largest first. Only the order by `first` stays the same while failures arrive */
      readonly sort?: "first" | "last" | "count" | "recent";
      /** Groups in a page, 1 to 1000; 50 without it */
      readonly limit?: string;
      /** `next` of the page before */
      readonly cursor?: string;
    };
    readonly body: null;
    readonly answer: {
      readonly groups: readonly (FailureGroup)[];
      readonly next: string | null;
      /** Groups that pass the filter */
      readonly total: number;
    };
  };
  "GET /v1/failures/groups/{fingerprint}": {
    readonly path: {
      /** The group */
      readonly fingerprint: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: FailureGroupDetail;
  };
  "PATCH /v1/failures/groups/{fingerprint}": {
    readonly path: {
      /** The group */
      readonly fingerprint: string;
    };
    readonly query: null;
    readonly body: {
      /** Who says so; with a key it is the key, and without one it is required */
      readonly actor?: string;
      /** Why; kept for ever. Of a note, the note */
      readonly reason: string;
      readonly state?: "open" | "acknowledged" | "fixed-in" | "muted";
      /** With fixed-in: the version of the contract */
      readonly version?: number;
      /** With muted: RFC 3339 time, or 1h, 7d from now */
      readonly until?: string;
      /** With muted: a number of failures */
      readonly threshold?: number;
      /** Null: nobody */
      readonly owner?: string | null;
    };
    readonly answer: FailureGroup;
  };
  "POST /v1/redrives": {
    readonly path: null;
    readonly query: null;
    readonly body: {
      /** Who says so; with a key it is the key, and without one it is required */
      readonly actor?: string;
      /** Why; kept for ever */
      readonly reason: string;
      /** Which failures; with `all`, which records */
      readonly select: {
        /** Fingerprint of the group */
        readonly group?: string;
        /** Failure code */
        readonly code?: string;
        readonly topic?: string;
        readonly partition?: number;
        /** Records from this time on: RFC 3339, or so long ago: 30m, 1h, 7d */
        readonly since?: string;
        /** Records before this time */
        readonly until?: string;
        /** Offsets from this one on */
        readonly from?: number | string;
        /** Offsets before this one */
        readonly to?: number | string;
        /** Every record of the range, and not the failures alone */
        readonly all?: boolean;
      };
      /** The version that is to judge them all */
      readonly toVersion?: number | null;
    };
    readonly answer: RedrivePlan;
  };
  "GET /v1/redrives": {
    readonly path: null;
    readonly query: {
      /** Plans in this state alone */
      readonly state?: "planned" | "running" | "paused" | "cancelled" | "done";
      /** Plans in a page, 1 to 1000; 50 without it */
      readonly limit?: string;
      /** `next` of the page before */
      readonly cursor?: string;
    };
    readonly body: null;
    readonly answer: {
      readonly redrives: readonly (Redrive)[];
      /** Cursor of the next page; null at the end */
      readonly next: string | null;
    };
  };
  "GET /v1/redrives/{plan}": {
    readonly path: {
      /** Id of the plan */
      readonly plan: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: RedrivePlanDetail;
  };
  "POST /v1/redrives/{plan}/run": {
    readonly path: {
      /** Id of the plan */
      readonly plan: string;
    };
    readonly query: null;
    readonly body: {
      /** Who says so; with a key it is the key, and without one it is required */
      readonly actor?: string;
      /** Why; kept for ever */
      readonly reason: string;
      /** The number of records in the plan: what you have looked at */
      readonly expect: number;
      /** Records a second, at most; without it, as many as may be */
      readonly rate?: number | null;
    };
    readonly answer: RedrivePlan;
  };
  "POST /v1/redrives/{plan}/pause": {
    readonly path: {
      /** Id of the plan */
      readonly plan: string;
    };
    readonly query: null;
    readonly body: {
      /** Who says so; with a key it is the key, and without one it is required */
      readonly actor?: string;
      /** Why; kept for ever */
      readonly reason: string;
    };
    readonly answer: RedrivePlan;
  };
  "POST /v1/redrives/{plan}/cancel": {
    readonly path: {
      /** Id of the plan */
      readonly plan: string;
    };
    readonly query: null;
    readonly body: {
      /** Who says so; with a key it is the key, and without one it is required */
      readonly actor?: string;
      /** Why; kept for ever */
      readonly reason: string;
    };
    readonly answer: RedrivePlan;
  };
  "GET /v1/contracts": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly digest: string;
      readonly contracts: readonly ({
        readonly subject: string;
        readonly versions: readonly ({
          readonly version: number;
          readonly status: "draft" | "active" | "deprecated" | "retired";
          readonly digest: string;
        })[];
      })[];
      readonly bindings: readonly ({
        readonly topic: string;
        readonly subject: string;
        readonly accepts?: readonly (number)[];
        readonly defaultVersion: number | null;
      })[];
      /** Why the last change of the contract files was not taken; empty when it was */
      readonly refused?: readonly (string)[];
    };
  };
  "GET /v1/contracts/{subject}": {
    readonly path: {
      /** Name of the contract */
      readonly subject: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly subject: string;
      readonly owner: string;
      readonly description: string;
      /** The version to write: the highest active one */
      readonly preferred: number | null;
      readonly topics: readonly ({
        readonly topic: string;
        readonly default: number | null;
        readonly accepts: readonly (number)[] | null;
      })[];
      readonly versions: readonly ({
        readonly subject: string;
        readonly version: number;
        readonly status: "draft" | "active" | "deprecated" | "retired";
        readonly digest: string;
        readonly deprecated: string | null;
        readonly sunset: string | null;
        readonly successor: number | null;
        /** Path of the JSON Schema */
        readonly schema: string;
      })[];
      readonly contractSet: string;
    };
  };
  "GET /v1/contracts/{subject}/versions/{version}/schema": {
    readonly path: {
      /** Name of the contract */
      readonly subject: string;
      /** Version of the contract */
      readonly version: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /v1/contracts/{subject}/diff": {
    readonly path: {
      /** Name of the contract */
      readonly subject: string;
    };
    readonly query: {
      /** The earlier version; without it the one before `to` */
      readonly from?: string;
      /** The later version; without it the highest */
      readonly to?: string;
    };
    readonly body: null;
    readonly answer: ContractDiff;
  };
  "GET /v1/contracts/{subject}/traffic": {
    readonly path: {
      /** Name of the contract */
      readonly subject: string;
    };
    readonly query: {
      /** Records from the hour of this time on: RFC 3339, or so long ago; 7d without it */
      readonly since?: string;
    };
    readonly body: null;
    readonly answer: ContractTraffic;
  };
  "POST /v1/what-ifs": {
    readonly path: null;
    readonly query: null;
    readonly body: {
      readonly subject: string;
      /** The version that is to judge, in any state */
      readonly version: number;
      /** Only records that this version had judged */
      readonly of?: number | null;
      /** Records from here on: 24h, 7d, RFC 3339, or topic/partition@offset; 7d without it */
      readonly from?: string;
      /** Records before this, written in the same way */
      readonly to?: string;
      /** About so many records at most, 1 to 10,000,000; 1,000,000 without it */
      readonly records?: number;
    };
    readonly answer: WhatIf;
  };
  "GET /v1/what-ifs": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly whatIfs: readonly (WhatIf)[];
    };
  };
  "GET /v1/what-ifs/{id}": {
    readonly path: {
      /** Id of the what-if */
      readonly id: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: WhatIfDetail;
  };
  "POST /v1/what-ifs/{id}/cancel": {
    readonly path: {
      /** Id of the what-if */
      readonly id: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: WhatIf;
  };
  "GET /v1/operator-log": {
    readonly path: null;
    readonly query: {
      /** newest without it */
      readonly order?: "newest" | "oldest";
      /** Actions in a page, 1 to 1000; 50 without it */
      readonly limit?: string;
      /** `next` of the page before */
      readonly cursor?: string;
    };
    readonly body: null;
    readonly answer: {
      readonly actions: readonly (OperatorAction)[];
      readonly next: string | null;
    };
  };
  "GET /v1/operator-log/export": {
    readonly path: null;
    readonly query: {
      /** The first action; 0 without it */
      readonly from?: string;
    };
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /auth/callback": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /auth/session": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: Session;
  };
  "DELETE /auth/session": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /v1/keys": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly keys: readonly (Key)[];
    };
  };
  "POST /v1/keys": {
    readonly path: null;
    readonly query: null;
    readonly body: {
      /** Who says so; with a key it is the key, and without one it is required */
      readonly actor?: string;
      /** Why; kept for ever */
      readonly reason: string;
      /** Who uses it */
      readonly name: string;
      readonly roles: readonly ("viewer" | "operator" | "admin" | "producer" | "validator")[];
      /** Only for records of these topics; a producer needs them */
      readonly topics?: readonly (string)[];
      /** Only for records of these contracts */
      readonly subjects?: readonly (string)[];
      /** When it ends: 90d, 12h, or RFC 3339; never without it */
      readonly expires?: string | null;
    };
    readonly answer: MadeKey;
  };
  "POST /v1/keys/{id}/rotate": {
    readonly path: {
      /** Id of the key */
      readonly id: string;
    };
    readonly query: null;
    readonly body: {
      /** Who says so; with a key it is the key, and without one it is required */
      readonly actor?: string;
      /** Why; kept for ever */
      readonly reason: string;
      /** How long the old key is still taken: 24h without it, 0s: not at all */
      readonly overlap?: string;
      /** When it ends: 90d, 12h, or RFC 3339; never without it */
      readonly expires?: string | null;
    };
    readonly answer: MadeKey;
  };
  "POST /v1/keys/{id}/revoke": {
    readonly path: {
      /** Id of the key */
      readonly id: string;
    };
    readonly query: null;
    readonly body: {
      /** Who says so; with a key it is the key, and without one it is required */
      readonly actor?: string;
      /** Why; kept for ever */
      readonly reason: string;
    };
    readonly answer: {
      readonly id: string;
      readonly state: "revoked";
    };
  };
  "GET /v1/shadow": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly shadows: readonly ({
        readonly subject: string;
        readonly version: number;
        readonly digest: string;
        readonly state: "running" | "restarting" | "stopped";
        /** judged + dropped + lost + queued */
        readonly seen: number;
        /** The records the matrix is of */
        readonly judged: number;
        /** Never handed over: the queue was full, or the thread away */
        readonly dropped: number;
        /** Handed over to a thread that ended before it told of them */
        readonly lost: number;
        readonly queued: number;
        readonly restarts: number;
        readonly counts?: FlipCounts;
        readonly declared?: FlipCounts;
        /** Of those that pass before and after: they would be another fact */
        readonly identityChanged?: number;
      })[];
    };
  };
  "GET /v1/shadow/{subject}/{version}": {
    readonly path: {
      /** Name of the contract */
      readonly subject: string;
      /** Version of the contract */
      readonly version: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly subject: string;
      readonly version: number;
      readonly digest: string;
      readonly state: "running" | "restarting" | "stopped";
      /** judged + dropped + lost + queued */
      readonly seen: number;
      /** The records the matrix is of */
      readonly judged: number;
      /** Never handed over: the queue was full, or the thread away */
      readonly dropped: number;
      /** Handed over to a thread that ended before it told of them */
      readonly lost: number;
      readonly queued: number;
      readonly restarts: number;
      readonly flips?: Readonly<Record<string, unknown>>;
    };
  };
  "GET /v1/retention": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly terms: {
        /** As in 90d; null: for ever */
        readonly failed: string | null;
        /** As in 90d; null: for ever */
        readonly receipts: string | null;
        /** As in 90d; null: for ever */
        readonly facts: string | null;
        /** Other terms for the facts of some collections */
        readonly factsCollections: readonly ({
          readonly collection: string;
          /** As in 90d; null: for ever */
          readonly facts: string | null;
        })[];
        /** As in 90d; null: for ever */
        readonly evidence: string | null;
        /** Other terms for the failures of some collections */
        readonly collections: readonly ({
          readonly collection: string;
          /** As in 90d; null: for ever */
          readonly failed: string | null;
        })[];
      };
      /** How often this gateway takes away; null: never */
      readonly everyHours: number | null;
      /** The last run of this gateway; absent: none yet */
      readonly lastRun?: {
        readonly at: string;
        /** How many documents it took, with the records whose evidence it took */
        readonly announced: number;
        /** Why something stays that is too old */
        readonly faults: readonly (string)[];
      };
      readonly floors: readonly ({
        readonly stream: string;
        readonly topic: string;
        readonly partition: number;
        readonly documents: "failed" | "receipts" | "facts" | "evidence";
        /** Of the failures or facts; empty for receipts and evidence */
        readonly collection: string;
        /** Below this offset nothing is left; of facts, no payload */
        readonly beforeOffset: number;
        /** How many documents went in all; of facts, how many became tombstones; of evidence, of how many records */
        readonly removed: number;
        /** When the floor was last raised */
        readonly at: string;
        readonly actor: string;
        /** The term that said so */
        readonly reason: string;
        /** False while documents are on their way out */
        readonly complete: boolean;
      })[];
    };
  };
  "GET /v1/volume": {
    readonly path: null;
    readonly query: {
      /** records from the hour of this time on: RFC 3339 as 2026-11-29T10:00:00Z, or so long ago: 90m, 24h, 7d */
      readonly since?: string;
      /** records up to the hour of this time, included; written in the same way */
      readonly until?: string;
      /** hour or day (UTC) */
      readonly by?: "hour" | "day";
      /** contract of the topic */
      readonly subject?: string;
      /** sender that the record names */
      readonly producer?: string;
      /** what became of the records: stored, failed, duplicate, redelivery, conflict, redriven or replayed */
      readonly kind?: "stored" | "failed" | "duplicate" | "redelivery" | "conflict" | "redriven" | "replayed";
    };
    readonly body: null;
    readonly answer: {
      readonly by: "hour" | "day";
      /** Whether every decided record is counted */
      readonly complete: boolean;
      /** Where not: records of later times are. Null when all are, or when a stream is not counted yet */
      readonly countedSince: string | null;
      readonly totals: {
        /** Became a fact */
        readonly stored: number;
        /** FAILED, conflicts aside */
        readonly failed: number;
        /** Repeats a fact: it was said again */
        readonly duplicate: number;
        /** Repeats a fact, with the time of its record: the same message delivered again */
        readonly redelivery: number;
        /** Contradicts a fact, and so FAILED */
        readonly conflict: number;
        /** Decided once more by a plan of failures, whatever came of it */
        readonly redriven: number;
        /** Decided once more by a plan of a range, whatever came of it */
        readonly replayed: number;
      };
      readonly rows: readonly (VolumeRow)[];
    };
  };
  "GET /v1/slo": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: {
      /** How many are missed */
      readonly breached: number;
      readonly objectives: readonly (Objective)[];
    };
  };
  "GET /v1/status": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly version: string;
      readonly now: string;
      readonly upSeconds: number;
      readonly ready: boolean;
      /** Records since the start of this process, without redrives */
      readonly decided: {
        readonly decided: number;
        readonly passed: number;
        readonly failed: number;
        readonly duplicates: number;
      };
      readonly streams: readonly ({
        readonly topic: string;
        readonly partition: number;
        readonly state: "starting" | "running" | "paused" | "halted" | "stopped";
        readonly settledTo: number | null;
        /** The end of the log; null: it cannot be asked now */
        readonly end: number | null;
        /** Offsets that are not settled yet */
        readonly lag: number | null;
        /** How old the newest settled record is, where there is a lag; null: not known */
        readonly lagSeconds: number | null;
        /** Of the records of the topic that this process decided since its start, from 0 to 1; null: not counted */
        readonly share: number | null;
        /** The keys with at least a tenth of the records lately, at most five, of a sample; hashes where anything is redacted */
        readonly hotKeys: readonly ({
          readonly key: string;
          readonly share: number;
        })[];
        readonly trouble: {
          readonly code: string;
          readonly message: string;
          readonly remedy: string;
          /** The page that says more: docs/runbooks/breaker-open.md */
          readonly runbook: string;
        } | null;
      })[];
      /** What is moved to lanes, where this process does it */
      readonly router?: readonly (RoutedStream)[];
      /** The validators of decide.pool, where one is configured */
      readonly pool?: readonly ({
        readonly url: string;
        /** `other-set`: of other contracts, so not used */
        readonly state: "unknown" | "ready" | "away" | "other-set";
        /** Why it is not used */
        readonly why: string;
        /** Batches that it works on */
        readonly inFlight: number;
        /** Batches that it decided for this process */
        readonly batches: number;
      })[];
      /** The groups with most failures in the last hour (whole hours), at most ten */
      readonly groups: readonly ({
        readonly fingerprint: string;
        readonly code: string;
        readonly contract: {
          readonly subject: string;
          readonly version: number;
        } | null;
        readonly recent: number;
        readonly count: number;
        readonly last: string | null;
        /** What is wrong in a failure of the group, in one line */
        readonly why?: string;
      })[];
      /** Why groups and objectives are not known now and empty; absent when they are known */
      readonly storeTrouble?: {
        readonly code: string;
        readonly message: string;
        readonly remedy: string;
        /** The page that says more: docs/runbooks/breaker-open.md */
        readonly runbook: string;
      } | null;
      readonly objectives: readonly ({
        readonly name: string;
        readonly state: "met" | "breached" | "no-data";
        readonly budgetLeft: number;
        readonly firing: "page" | "ticket" | null;
      })[];
    };
  };
  "GET /v1/live": {
    readonly path: null;
    readonly query: {
      readonly verdict?: "PASSED" | "FAILED";
      /** Code of a failure */
      readonly code?: string;
      /** A subject, or one of its versions */
      readonly contract?: string;
      readonly topic?: string;
      readonly partition?: string;
      readonly producer?: string;
    };
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /v1/ledger": {
    readonly path: null;
    readonly query: {
      /** In a page, 1 to 200; 50 without it */
      readonly limit?: string;
      /** `next` of the page before */
      readonly cursor?: string;
    };
    readonly body: null;
    readonly answer: {
      readonly streams: readonly (LedgerStream)[];
      /** Cursor of the next page; null at the end */
      readonly next: string | null;
    };
  };
  "GET /v1/ledger/entries": {
    readonly path: null;
    readonly query: {
      /** Id of the stream */
      readonly stream: string;
      /** newest without it */
      readonly order?: "newest" | "oldest";
      /** In a page, 1 to 200; 50 without it */
      readonly limit?: string;
      /** `next` of the page before */
      readonly cursor?: string;
    };
    readonly body: null;
    readonly answer: {
      readonly entries: readonly (LedgerEntry)[];
      /** Cursor of the next page; null at the end */
      readonly next: string | null;
    };
  };
  "GET /v1/ledger/proof": {
    readonly path: null;
    readonly query: {
      /** Id of the stream; or topic and partition, whose newest stream it is then */
      readonly stream?: string;
      readonly topic?: string;
      /** 0 without it */
      readonly partition?: string;
      readonly offset: string;
    };
    readonly body: null;
    readonly answer: PositionProof;
  };
  "GET /v1/ledger/anchors": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: Anchors;
  };
  "GET /v1/config": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly settings: readonly (ShownSetting)[];
    };
  };
  "GET /livez": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: {
      readonly status: "alive";
    };
  };
  "GET /readyz": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: Readiness;
  };
  "GET /metrics": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/subjects": {
    readonly path: null;
    readonly query: {
      /** Only names that begin so */
      readonly subjectPrefix?: string;
    };
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/subjects/{subject}/versions": {
    readonly path: {
      /** Name of the subject */
      readonly subject: string;
    };
    readonly query: {
      /** true: retired versions too */
      readonly deleted?: string;
    };
    readonly body: null;
    readonly answer: unknown;
  };
  "POST /registry/subjects/{subject}/versions": {
    readonly path: {
      /** Name of the subject */
      readonly subject: string;
    };
    readonly query: null;
    readonly body: unknown;
    readonly answer: unknown;
  };
  "GET /registry/subjects/{subject}/versions/{version}": {
    readonly path: {
      /** Name of the subject */
      readonly subject: string;
      /** A version, latest, or -1 for the latest */
      readonly version: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/subjects/{subject}/versions/{version}/schema": {
    readonly path: {
      /** Name of the subject */
      readonly subject: string;
      /** A version, latest, or -1 for the latest */
      readonly version: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/subjects/{subject}/versions/{version}/referencedby": {
    readonly path: {
      /** Name of the subject */
      readonly subject: string;
      /** A version, latest, or -1 for the latest */
      readonly version: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "POST /registry/subjects/{subject}": {
    readonly path: {
      /** Name of the subject */
      readonly subject: string;
    };
    readonly query: null;
    readonly body: unknown;
    readonly answer: unknown;
  };
  "GET /registry/schemas/types": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/schemas/ids/{id}": {
    readonly path: {
      /** Id of the schema */
      readonly id: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/schemas/ids/{id}/schema": {
    readonly path: {
      /** Id of the schema */
      readonly id: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/schemas/ids/{id}/subjects": {
    readonly path: {
      /** Id of the schema */
      readonly id: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/schemas/ids/{id}/versions": {
    readonly path: {
      /** Id of the schema */
      readonly id: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/schemas/guids/{guid}": {
    readonly path: {
      /** GUID of the schema */
      readonly guid: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "POST /registry/compatibility/subjects/{subject}/versions": {
    readonly path: {
      /** Name of the subject */
      readonly subject: string;
    };
    readonly query: {
      /** true: with the reasons */
      readonly verbose?: string;
    };
    readonly body: unknown;
    readonly answer: unknown;
  };
  "POST /registry/compatibility/subjects/{subject}/versions/{version}": {
    readonly path: {
      /** Name of the subject */
      readonly subject: string;
      /** A version, latest, or -1 for the latest */
      readonly version: string;
    };
    readonly query: {
      /** true: with the reasons */
      readonly verbose?: string;
    };
    readonly body: unknown;
    readonly answer: unknown;
  };
  "GET /registry/config": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/config/{subject}": {
    readonly path: {
      /** Name of the subject */
      readonly subject: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/mode": {
    readonly path: null;
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
  "GET /registry/mode/{subject}": {
    readonly path: {
      /** Name of the subject */
      readonly subject: string;
    };
    readonly query: null;
    readonly body: null;
    readonly answer: unknown;
  };
};
