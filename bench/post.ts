import { request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readArguments, someText, wholeNumber } from "./arguments.ts";
import { shipmentLine } from "./line.ts";

// node bench/post.ts URL RECORDS     One request of so many lines of NDJSON; exits 1 unless it is answered 202.

const [url, count] = readArguments(someText(null, /^https?:/), wholeNumber(null));

function* chunks(): Generator<Buffer> {
  let text = "";
  for (let n = 0; n < count; n += 1) {
    text += `${shipmentLine(n)}\n`;
    if (text.length < 65_536) continue;
    yield Buffer.from(text);
    text = "";
  }
  yield Buffer.from(text);
}

const sending = request(url, { method: "POST", headers: { "content-type": "application/x-ndjson" } }, (response) => {
  if (response.statusCode !== 202) process.exitCode = 1;
  response.resume();
});
await pipeline(Readable.from(chunks(), { objectMode: false }), sending);
