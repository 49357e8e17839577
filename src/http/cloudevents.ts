import { getNodeValue, parseTree, type Node } from "jsonc-parser";
import type { IncomingHttpHeaders } from "node:http";
import type { Header } from "../core/record.ts";
import type { NewRecord } from "../source/source.ts";
import { badRequest } from "./problem.ts";

/** Attributes every CloudEvent has (CloudEvents 1.0, section 3.1). */
const REQUIRED = ["specversion", "id", "source", "type"] as const;
/** Attribute names: lower-case letters and digits (section 3). */
const NAME = /^[a-z0-9]{1,40}$/;
/** The extension that names the partition key. */
const PARTITION_KEY = "partitionkey";

type Attributes = ReadonlyMap<string, string>;

/** Binary mode: attributes in `ce-` headers, the body is the data. */
export function fromBinary(headers: IncomingHttpHeaders, body: Buffer): NewRecord {
  const attributes = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith("ce-") || typeof value !== "string") continue;
    // Values are percent-encoded outside printable ASCII (HTTP binding, section 3.1.3.2).
    attributes.set(name.slice(3), decodePercent(value));
  }
  return toRecord(attributes, body, headers["content-type"] ?? null, "");
}

/** Structured mode: one JSON object. The record's value is exactly the bytes of `data` as they stand in it. */
export function fromStructured(body: Buffer): NewRecord {
  const text = decodeText(body);
  return fromEnvelope(text, parseEnvelope(text), "");
}

/** Batch mode: a JSON array of structured events. */
export function fromBatch(body: Buffer): readonly NewRecord[] {
  const text = decodeText(body);
  const root = parseEnvelope(text);
  if (root.type !== "array") throw badRequest("bad-cloudevent", "A batch of CloudEvents is a JSON array");
  return (root.children ?? []).map((node, index) => fromEnvelope(text, node, `/${index}`));
}

function fromEnvelope(text: string, node: Node, pointer: string): NewRecord {
  if (node.type !== "object") throw badRequest("bad-cloudevent", "A CloudEvent is a JSON object", { pointer });
  const attributes = new Map<string, string>();
  let data: Buffer | null = null;
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    if (name === "data") data = Buffer.from(text.slice(value.offset, value.offset + value.length));
    else if (name === "data_base64") data = Buffer.from(String(getNodeValue(value)), "base64");
    else if (value.type !== "null") attributes.set(name, String(getNodeValue(value)));
  }
  return toRecord(attributes, data, attributes.get("datacontenttype") ?? "application/json", pointer);
}

function toRecord(
  attributes: Attributes,
  value: Buffer | null,
  contentType: string | null,
  pointer: string,
): NewRecord {
  const missing = REQUIRED.filter((name) => (attributes.get(name) ?? "") === "");
  const misnamed = [...attributes.keys()].filter((name) => !NAME.test(name));
  if (missing.length > 0 || misnamed.length > 0 || attributes.get("specversion") !== "1.0") {
    const detail =
      missing.length > 0
        ? `The CloudEvent lacks ${missing.join(", ")}`
        : misnamed.length > 0
          ? "An attribute of the CloudEvent has a name that is not lower-case letters and digits"
          : "Only CloudEvents 1.0 are read";
    throw badRequest("bad-cloudevent", detail, { pointer, missing });
  }
  const headers: Header[] = [...attributes]
    .filter(([name]) => name !== "datacontenttype")
    .map(([name, content]) => [`ce_${name}`, Buffer.from(content)] as const);
  if (contentType !== null) headers.push(["content-type", Buffer.from(contentType)]);
  const key = attributes.get(PARTITION_KEY);
  return { key: key === undefined ? null : Buffer.from(key), headers, value, partition: null };
}

function parseEnvelope(text: string): Node {
  const errors: Parameters<typeof parseTree>[1] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  if (root === undefined || errors.length > 0) {
    throw badRequest("bad-cloudevent", "The envelope of the CloudEvent is not JSON", {
      byteOffset: errors[0]?.offset ?? 0,
    });
  }
  return root;
}

function decodeText(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw badRequest("bad-cloudevent", "The envelope of the CloudEvent is not UTF-8");
  }
}

function decodePercent(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
