/** An answer as it came over a connection. */
export type RawAnswer = {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** Empty where a HEAD was asked. */
  readonly body: string;
};

const HEAD = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/;

/** The answers on a connection. @param text bytes as Latin-1. @throws when they are no whole answers, one after the other. */
export function answersIn(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest !== "";) {
    const head = HEAD.exec(rest);
    if (head === null) throw new Error(`no answer begins with ${JSON.stringify(rest.slice(0, 80))}`);
    const [whole, status = "", fields = ""] = head;
    const headers = new Map(fields.split("\r\n").flatMap((line) => fieldOf(line)));
    rest = rest.slice(whole.length);
    if (status === "100") continue;
    const length = Number(headers.get("content-length") ?? Number.NaN);
    if (!Number.isSafeInteger(length)) throw new Error(`an answer without a length: ${whole}`);
    // An answer to HEAD has a length and no body.
    const isHead = rest === "" || rest.startsWith("HTTP/1.1 ");
    if (!isHead && rest.length < length) throw new Error(`an answer ends early: ${whole}`);
    answers.push({ status: Number(status), headers, body: isHead ? "" : rest.slice(0, length) });
    if (!isHead) rest = rest.slice(length);
  }
  return answers;
}

function fieldOf(line: string): readonly (readonly [string, string])[] {
  const at = line.indexOf(":");
  return at === -1 ? [] : [[line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]];
}

/** Whatever is asked, one of these is answered. */
export const STATUSES: ReadonlySet<number> = new Set([
  200, 202, 400, 403, 404, 405, 406, 408, 409, 413, 414, 415, 417, 421, 422, 431, 503,
]);

/** @throws when an answer is not as every answer is: of a known status, and its error a problem or the registry's. */
export function checkAnswer({ status, headers, body }: RawAnswer): void {
  const where = `${status} ${headers.get("content-type") ?? ""} ${body.slice(0, 300)}`;
  if (!STATUSES.has(status)) throw new Error(`an undocumented status: ${where}`);
  if (status < 400 || body === "") return;
  const problem = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const isProblem =
    headers.get("content-type") === "application/problem+json" &&
    typeof problem["code"] === "string" &&
    problem["code"] !== "internal" &&
    problem["status"] === status;
  const isRegistry = typeof problem["error_code"] === "number" && typeof problem["message"] === "string";
  // Not ready is a state, and is told in the words of one.
  if (!isProblem && !isRegistry && problem["status"] !== "not ready")
    throw new Error(`an error that is none: ${where}`);
}

/** Records that an answer says are in the log. */
export function acknowledgedBy({ headers, body, status }: RawAnswer): number {
  // The bytes of a record that was stored before, which `/raw` answers, may begin like JSON and be none.
  if (!/\bjson\b/.test(headers.get("content-type") ?? "") || body === "") return 0;
  if (!body.startsWith("{") || ![200, 202, 400, 408, 413, 503].includes(status)) return 0;
  const { count = 0, appended = 0 } = JSON.parse(body) as { readonly count?: number; readonly appended?: number };
  return count + appended;
}
