/**
 * The one error an adapter turns its backend's trouble into: not there, full, locked, slow. It means "no decision yet",
 * never FAILED. `code` is stable and safe to show; `remedy` is what a person can do.
 */
export class Unavailable extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.name = "Unavailable";
    this.code = code;
    this.remedy = remedy;
  }
}
