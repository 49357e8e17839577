import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { shipment } from "../embedded.ts";
import { mutated } from "./budget.ts";
import { ANYTHING, SHIPMENTS } from "./gateway.ts";

const EVENTS = [`/v1/events/${SHIPMENTS}`, `/v1/events/${ANYTHING}`];
const JUDGES = ["/v1/validate/shipment", "/v1/validate/anything?version=1", "/api/validate"];
const READS = [
  "/livez",
  "/readyz",
  "/metrics",
  "/openapi.json",
  "/docs",
  "/v1/contracts",
  "/v1/contracts/shipment",
  "/v1/contracts/shipment/1/schema",
  "/v1/shadow",
  `/v1/decisions/${SHIPMENTS}/0/0`,
  `/v1/decisions/${ANYTHING}/2/999999999999999999`,
  `/v1/decisions/${ANYTHING}/0/0/raw`,
  "/registry/subjects",
  "/registry/schemas/ids/1",
  "/registry/config",
];
const REGISTRY = [
  "/registry/subjects/shipment",
  "/registry/subjects/shipment/versions",
  "/registry/compatibility/subjects/shipment/versions/latest?verbose=true",
];
const STRANGE = [
  "*",
  "/",
  "//livez",
  "/livez/../metrics",
  "/%zz",
  "/v1/contracts/%00",
  "/v1/contracts/%c0%80",
  `/v1/contracts/${"x".repeat(300)}`,
  `/v1/decisions/${SHIPMENTS}/0/-1`,
  `/v1/decisions/${SHIPMENTS}/1e3/0`,
  "/v1/validate/shipment?version=2&version=1",
  "/v1/validate/shipment?__proto__=1&constructor=2",
  "/v1/validate/__proto__",
  "/v1/contracts/constructor",
  "/registry/schemas/ids/99999999999",
  "http://localhost/livez",
  "http://evil.example/livez",
  "/livez?" + "a=b&".repeat(500),
];

const EVENT = `{"specversion":"1.0","id":"e","source":"/s","type":"t","data":${shipment("ce")}}`;

const BODIES = [
  "",
  "{}",
  "[]",
  "null",
  shipment("a"),
  `${shipment("b")}\n${shipment("c")}\n`,
  `\n\n${shipment("d")}`,
  `${`${shipment("e")}\n`.repeat(40)}{"half":`,
  EVENT,
  `[${EVENT},${EVENT}]`,
  `\u00ef\u00bb\u00bf${shipment("f")}`,
  "\u00ff\u00fe\u0000",
  "[".repeat(2_000),
  '{"schema":"{\\"type\\":\\"object\\"}","schemaType":"JSON"}',
  '{"a":1e400}',
  " ".repeat(70_000),
  "x".repeat(140_000),
];

const TYPES = [
  "application/json",
  "application/json; charset=utf-8",
  "application/x-ndjson",
  "application/jsonl",
  "application/cloudevents+json",
  "application/cloudevents-batch+json",
  "application/vnd.schemaregistry.v1+json",
  "text/plain",
  "application/octet-stream",
  "application/",
  ";",
  'a/b; boundary="',
];

const FIELDS = [
  "Content-Encoding: gzip",
  "Content-Encoding: x-gzip",
  "Content-Encoding: br",
  "Content-Encoding: gzip, gzip",
  "Content-Encoding: identity",
  "Expect: 100-continue",
  "Expect: more",
  "Connection: close",
  "Connection: keep-alive, Upgrade",
  "Upgrade: websocket",
  "Upgrade: h2c",
  "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
  "Prefer: wait=1",
  "Prefer: wait=99999999999999999999",
  "Accept-Contract: shipment@2, shipment@1;q=0.5",
  "Accept-Contract: ;;;,,@@",
  "Sigma-Contract: shipment@1",
  "Sigma-Contract: shipment@999999999",
  "Sigma-Contract: \u00e4\u00f6",
  "Sigma-Key: k",
  "Sigma-Producer: " + "p".repeat(400),
  "ce-specversion: 1.0",
  "ce-id: 1",
  "ce-source: %ZZ",
  'ce-type: "t\\""',
  "ce-__proto__: 1",
  "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  "Origin: http://evil.example",
  "Sec-Fetch-Site: cross-site",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding: gzip, chunked",
  "Content-Length: 5",
  "Content-Length: -1",
  "Content-Length: +3",
  "Content-Length: 99999999999999999999",
  "Content-Length: 0x10",
  "Range: bytes=0-1",
  "If-None-Match: *",
  "X: " + "y".repeat(9_000),
  "Host: localhost",
  "Cookie: __proto__=1",
  "Bad Header: 1",
  " folded: 1",
  "\u0000: 1",
  ": 1",
];

const TOKENS = [
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  ":",
  ",",
  ";",
  "0",
  "-1",
  "\u0000",
  "\u00ff",
  "%",
  "?",
  "/",
  "HTTP/1.1",
  "chunked",
  "Host:",
];

type Framing =
  | "length"
  | "chunked"
  | "both"
  | "none"
  | "long"
  | "short"
  | "bad-chunk"
  | "trailers"
  | "extensions"
  | "tiny";

const FRAMINGS: readonly Framing[] = [
  "length",
  "chunked",
  "both",
  "none",
  "long",
  "short",
  "bad-chunk",
  "trailers",
  "extensions",
  "tiny",
];

function framed(body: string, framing: Framing): readonly [fields: string, payload: string] {
  const length = (bytes: number): string => `Content-Length: ${bytes}\r\n`;
  const chunks = "Transfer-Encoding: chunked\r\n";
  const inOne = body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`;
  switch (framing) {
    case "length":
      return [length(body.length), body];
    case "chunked":
      return [chunks, `${inOne}0\r\n\r\n`];
    case "both":
      return [`${length(body.length)}${chunks}`, `${inOne}0\r\n\r\n`];
    case "none":
      return ["", body];
    case "long":
      return [length(body.length + 10), body];
    case "short":
      return [length(Math.max(0, body.length - 3)), body];
    case "bad-chunk":
      return [chunks, `${inOne}zz\r\n`];
    case "trailers":
      return [chunks, `${inOne}0\r\nX-Trailer: 1\r\nContent-Length: 7\r\n\r\n`];
    case "extensions":
      return [chunks, `${inOne.replace("\r\n", `;${"e".repeat(30_000)}=1\r\n`)}0\r\n\r\n`];
    case "tiny":
      return [
        chunks,
        `${body
          .slice(0, 500)
          .split("")
          .map((byte) => `1\r\n${byte}\r\n`)
          .join("")}0\r\n\r\n`,
      ];
  }
}

const target = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...EVENTS) },
  { weight: 3, arbitrary: fc.constantFrom(...JUDGES) },
  { weight: 3, arbitrary: fc.constantFrom(...READS) },
  { weight: 2, arbitrary: fc.constantFrom(...REGISTRY) },
  { weight: 2, arbitrary: fc.constantFrom(...STRANGE) },
);
const method = fc.oneof(
  { weight: 8, arbitrary: fc.constant("POST") },
  { weight: 4, arbitrary: fc.constant("GET") },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "HEAD",
      "PUT",
      "DELETE",
      "OPTIONS",
      "PATCH",
      "TRACE",
      "CONNECT",
      "QUERY",
      "BREW",
      "get",
      "",
    ),
  },
);
const version = fc.oneof(
  { weight: 9, arbitrary: fc.constant("HTTP/1.1") },
  { weight: 1, arbitrary: fc.constantFrom("HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.1 ", "http/1.1", "") },
);
const host = fc.oneof(
  { weight: 9, arbitrary: fc.constant("Host: localhost\r\n") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      "Host: evil.example\r\n",
      "Host: localhost\r\nHost: localhost\r\n",
      "Host:\r\n",
      "Host: a@b\r\n",
    ),
  },
);

/** A request as a program might send it, or nearly so. */
const request: fc.Arbitrary<string> = fc
  .record({
    method,
    target,
    version,
    host,
    type: fc.option(fc.constantFrom(...TYPES), { freq: 8, nil: null }),
    fields: fc.array(fc.constantFrom(...FIELDS), { maxLength: 3 }),
    body: fc.constantFrom(...BODIES),
    packed: fc.boolean(),
    framing: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom<Framing>("length", "chunked") },
      { weight: 3, arbitrary: fc.constantFrom(...FRAMINGS) },
    ),
  })
  .map((one) => {
    const gzip = one.packed && one.fields.some((field) => /^Content-Encoding: (?:x-)?gzip$/.test(field));
    const body = gzip ? gzipSync(Buffer.from(one.body, "latin1")).toString("latin1") : one.body;
    const [framing, payload] = framed(body, one.framing);
    const type = one.type === null ? "" : `Content-Type: ${one.type}\r\n`;
    const fields = one.fields.map((field) => `${field}\r\n`).join("");
    return `${one.method} ${one.target} ${one.version}\r\n${one.host}${type}${fields}${framing}\r\n${payload}`;
  });

/**
 * Good requests, broken ones, and what is none, one behind the other, cut where no sender would cut them: what is written on a
 * connection, as Latin-1, piece by piece.
 */
export const requestPieces: fc.Arbitrary<readonly string[]> = fc
  .record({
    requests: fc.array(fc.oneof({ weight: 2, arbitrary: request }, mutated(request, TOKENS)), {
      minLength: 1,
      maxLength: 3,
    }),
    cuts: fc.array(fc.nat(2_000), { maxLength: 4 }),
  })
  .map(({ requests, cuts }) => {
    const text = requests.join("");
    const cut: string[] = [];
    let from = 0;
    for (const length of cuts) {
      cut.push(text.slice(from, from + length));
      from += length;
    }
    return [...cut, text.slice(from)].filter((piece) => piece !== "");
  });
