import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideBound } from "../../src/core/decide.ts";
import type { Header } from "../../src/core/record.ts";
import { decisionView } from "../../src/http/decisions/decision.ts";
import { toJsonText } from "../../src/json/json-text.ts";
import { shipment } from "../embedded.ts";
import { CLOCK, mutated, tryCases } from "./budget.ts";
import { SHIPMENTS, startFuzzedGateway, type FuzzedGateway } from "./gateway.ts";

const STRUCTURED = "application/cloudevents+json";
const BATCH = "application/cloudevents-batch+json";
const GOOD = shipment("ce");
/** What the envelope refuses: a program is told so at once; of what lies in a log it is the decision. */
const ENVELOPE = /^malformed-(?:not-cloudevent|not-json|not-utf8|empty)$/;

const TOKENS = [
  '"data":{},',
  '"data_base64":"e30=",',
  '"data_base64":"eyJpZ!!",',
  '"id":"",',
  '"source":7,',
  '"time":"2026-02-30T00:00:00Z",',
  '"dataschema":"sigma:shipment@1",',
  '"dataschema":"sigma:shipment@9",',
  '"datacontenttype":"text/plain",',
  '"datacontenttype":"application/cloudevents+json",',
  '"ext":{"a":1},',
  '"ext":9007199254740993,',
  '"ext":-0,',
  '"ext":true,',
  '"Ext":"x",',
  '"partitionkey":"k",',
  '"__proto__":"x",',
  '"data":null',
  '"data":"text"',
  "[".repeat(70),
  "\\ud800",
  "\\u0000",
  "\u00ff",
  "\u00c0\u0080",
  "1e400",
  '"',
  "}",
  "{",
  ",",
  " ",
];

const data = fc.oneof(
  { weight: 4, arbitrary: fc.constant(GOOD) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("null", "[]", '"x"', "7", "true", "{}", shipment("heavy", 1_000.5), '{"a":1,"a":2}'),
  },
  { weight: 2, arbitrary: fc.json().filter((text) => !text.includes("raw_payload")) },
);
const right = data.map((text) => `{"specversion":"1.0","id":"e","source":"/s","type":"t","data":${text}}`);
/** Latin-1 of an event in structured mode, or nearly one. */
const event = fc.oneof({ weight: 1, arbitrary: right }, { weight: 3, arbitrary: mutated(right, TOKENS, 3) });

type Verdict = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

async function send(
  url: string,
  type: string,
  body: Buffer,
  more: Readonly<Record<string, string>> = {},
): Promise<Verdict> {
  const answer = await fetch(url, { method: "POST", body, headers: { "content-type": type, ...more } });
  return { status: answer.status, body: (await answer.json()) as Verdict["body"] };
}

/** The verdict on a record of a log, as `/v1/validate` shows one. */
function fromLog(
  { contracts }: FuzzedGateway,
  headers: readonly Header[],
  value: Buffer,
): Readonly<Record<string, unknown>> {
  const bound = contracts.byTopic.get(SHIPMENTS);
  if (bound === undefined) throw new Error("there is no contract");
  const decision = decideBound({ headers, value }, bound, contracts.limits);
  return JSON.parse(toJsonText(decisionView(decision))) as Readonly<Record<string, unknown>>;
}

/** The reference's clients know bytes that are no JSON as a request that is none: with the same code, and 400. */
function checkReference({ status, body }: Verdict, asked: Verdict): void {
  const isVerdict = asked.status === 200 && !/^malformed-(?:not-json|not-utf8|empty)$/.test(String(asked.body["code"]));
  if (isVerdict) expect([status, body["status"]]).toEqual([200, asked.body["status"]]);
  else expect([status, body["code"]]).toEqual([400, asked.body["code"]]);
}

function meaning({ status, code, id, fingerprint, contract }: Readonly<Record<string, unknown>>): object {
  // A stored failure is named by its position.
  return { status, code, fingerprint, contract, ...(status === "PASSED" ? { id } : {}) };
}

describe("CloudEvents", () => {
  test(
    "the same event has one verdict, whether it is asked for, sent, sent in a batch, or lies in a log",
    CLOCK,
    async () => {
      const gateway = await startFuzzedGateway();
      await tryCases({
        runs: 500,
        corpus: "cloudevents",
        cases: event,
        holds: async (text) => {
          const { url, bugs } = gateway;
          const body = Buffer.from(text, "latin1");
          const [asked, reference, sent] = await Promise.all([
            send(`${url}/v1/validate/shipment`, STRUCTURED, body),
            send(`${url}/api/validate`, STRUCTURED, body),
            send(`${url}/v1/events/${SHIPMENTS}`, STRUCTURED, body, { prefer: "wait=30" }),
          ]);
          const logged = fromLog(gateway, [["content-type", Buffer.from(STRUCTURED)]], body);
          expect(sent.status).toBe(asked.status);
          checkReference(reference, asked);
          if (asked.status === 400) {
            expect([asked.body["code"], sent.body["code"]]).toEqual(["bad-cloudevent", "bad-cloudevent"]);
            expect([logged["status"], logged["code"]]).toEqual(["FAILED", expect.stringMatching(ENVELOPE)]);
          } else {
            expect(asked.status).toBe(200);
            expect(meaning(asked.body)).toEqual(meaning(logged));
            const [decided = {}] = sent.body["decisions"] as Readonly<Record<string, unknown>>[];
            // The store may know another content under this identity: that is said only of what is stored.
            if (decided["code"] !== "conflict") expect(meaning(decided)).toEqual(meaning(logged));
            const batch = await send(
              `${url}/v1/events/${SHIPMENTS}`,
              BATCH,
              Buffer.concat([Buffer.from("["), body, Buffer.from("]")]),
              { prefer: "wait=30" },
            );
            const [batched = {}] = batch.body["decisions"] as Readonly<Record<string, unknown>>[];
            if (batched["code"] !== "conflict") expect(meaning(batched)).toEqual(meaning(logged));
          }
          expect(bugs).toEqual([]);
        },
      });
    },
  );

  const attribute = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("1.0", "a", "/s", "t") },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "",
        '"q"',
        '"a\\"b"',
        "%41",
        "%c3%a4",
        "%C0%80",
        "%",
        "%zz",
        "a b",
        "\u00e4",
        '"',
        "2026-11-28T00:00:00Z",
        "sigma:shipment@1",
        '"sigma:shipment@1"',
        "sigma:shipment@7",
      ),
    },
  );
  test(
    "the same event in binary mode has one verdict, whether it is asked for, sent, or lies in a log",
    CLOCK,
    async () => {
      const gateway = await startFuzzedGateway();
      await tryCases({
        runs: 500,
        corpus: "cloudevents-binary",
        cases: fc.record({
          attributes: fc
            .record({
              specversion: fc.constantFrom("1.0", "1.0", "1.0", "0.3"),
              id: attribute,
              source: attribute,
              type: attribute,
            })
            .chain((required) =>
              fc
                .dictionary(fc.constantFrom("time", "subject", "dataschema", "ext", "partitionkey"), attribute, {
                  maxKeys: 2,
                })
                .map((more) => ({ ...required, ...more })),
            ),
          data,
        }),
        holds: async ({ attributes, data: text }) => {
          const { url, bugs } = gateway;
          const body = Buffer.from(text);
          const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
          const [asked, reference, sent] = await Promise.all([
            send(`${url}/v1/validate/shipment`, "application/json", body, headers),
            send(`${url}/api/validate`, "application/json", body, headers),
            send(`${url}/v1/events/${SHIPMENTS}`, "application/json", body, { ...headers, prefer: "wait=30" }),
          ]);
          expect(sent.status).toBe(asked.status);
          checkReference(reference, asked);
          if (asked.status === 400)
            expect([asked.body["code"], sent.body["code"]]).toEqual(["bad-cloudevent", "bad-cloudevent"]);
          else {
            const own: readonly Header[] = Object.entries(decoded(attributes)).map(([name, value]) => [
              `ce_${name}`,
              Buffer.from(value),
            ]);
            const logged = fromLog(gateway, [...own, ["content-type", Buffer.from("application/json")]], body);
            expect(meaning(asked.body)).toEqual(meaning(logged));
            const [decided = {}] = sent.body["decisions"] as Readonly<Record<string, unknown>>[];
            if (decided["code"] !== "conflict") expect(meaning(decided)).toEqual(meaning(logged));
          }
          expect(bugs).toEqual([]);
        },
      });
    },
  );
});

/** As a producer would write them into a log: without what only HTTP needs. */
function decoded(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const plain = (value: string): string => {
    const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(value.trim())?.[1]?.replaceAll(/\\(.)/g, "$1") ?? value;
    return decodeURIComponent(quoted.replaceAll(/[^%!-~ ]/g, (one) => encodeURIComponent(one)));
  };
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, plain(value)]));
}
