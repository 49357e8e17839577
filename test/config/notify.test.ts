import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig, type ConfigResult } from "../../src/config/config.ts";
import { temporaryDirectory } from "../embedded.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const OTHER = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;

async function read(text: string, env: Readonly<Record<string, string>> = {}): Promise<ConfigResult> {
  const file = join(temporaryDirectory(), "sigma.yaml");
  writeFileSync(file, text);
  return readConfig({ flags: new Map(), env, file });
}

/** `line:column code message` of each fault, or its whole place. */
async function faults(text: string, env: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const result = await read(text, env);
  if (result.ok) return [];
  return result.faults.map(({ place, code, message }) => `${place.replace(/^.*sigma\.yaml:/, "")} ${code} ${message}`);
}

describe("the settings of notifications", () => {
  test("take webhooks as a list, each with its format, secrets and events", async () => {
    const text = `notify:
  webhooks:
    - url: https://a.example/1
      secrets: [${OTHER}]
    - {url: "https://b.example", events: [stream-halted]}
    - {url: "https://c.example", format: slack}
  secrets: ${SECRET}, ${OTHER}
  threshold: 0
  api_url: https://sigma.example/
`;
    expect(await read(text)).toMatchObject({
      ok: true,
      config: {
        notify: {
          webhooks: [
            { url: "https://a.example/1", format: "standard", secrets: [OTHER], events: null },
            { url: "https://b.example", format: "standard", secrets: [SECRET, OTHER], events: ["stream-halted"] },
            { url: "https://c.example", format: "slack", events: null },
          ],
          threshold: null,
          apiUrl: "https://sigma.example",
        },
      },
    });
  });

  test("take webhooks as text", async () => {
    const env = {
      SIGMA_NOTIFY_WEBHOOKS: " https://a.example/x=y slack=https://b.example\nalertmanager=https://c.example",
    };
    expect(await read("", { ...env, SIGMA_NOTIFY_SECRETS: SECRET })).toMatchObject({
      ok: true,
      config: {
        notify: {
          webhooks: [
            { url: "https://a.example/x=y", format: "standard" },
            { url: "https://b.example", format: "slack" },
            { url: "https://c.example", format: "alertmanager" },
          ],
        },
      },
    });
  });

  test.each([
    ["notify: {webhooks: x}", "1:20 SIG-S-004 Setting notify.webhooks must be a list of webhooks, found text"],
    ["notify: {webhooks: [x]}", "1:21 SIG-S-004 A webhook must be a mapping, found text"],
    ["notify: {webhooks: [{format: slack}]}", '1:21 SIG-S-016 Key "url" of a webhook is missing'],
    ["notify: {webhooks: [{url: 1}]}", '1:27 SIG-S-004 Key "url" of a webhook must be text'],
    [
      "notify: {webhooks: [{url: 'https://h.example', format: teams}]}",
      '1:56 SIG-S-004 Key "format" of a webhook must be standard, slack or alertmanager',
    ],
    [
      "notify: {webhooks: [{url: 'https://h.example', secrets: []}]}",
      '1:57 SIG-S-004 Key "secrets" of a webhook must be a list of texts',
    ],
    [
      "notify: {webhooks: [{url: 'https://h.example', events: [stream-halted, halted]}]}",
      '1:56 SIG-S-004 Key "events" of a webhook must be a list of group-appeared, group-passed-threshold, stream-halted, stream-resumed, notifications-withheld, test',
    ],
    [
      "notify: {webhooks: [{urll: 'https://h.example', url: 'https://h.example', format: slack}]}",
      '1:22 SIG-S-003 Unknown key "urll" of a webhook (did you mean "url"?)',
    ],
    [
      "notify: {webhooks: [{url: 'https://h.example'}]}",
      "1:20 SIG-S-016 Webhook 1 has no secret that signs what is sent to it",
    ],
    [
      "notify: {webhooks: [{url: 'https://h.example', secrets: [whsec_s3cr3t]}]}",
      "1:20 SIG-S-016 Webhook 1 has a secret that is not whsec_ and the base64 of 24 to 64 bytes",
    ],
    ...["ftp://h/s3cr3t", "https://s3cr3t@h", "s3cr3t", "https://h/#s3cr3t"].map((url) => [
      `notify: {webhooks: [{url: '${url}', format: slack}]}`,
      "1:20 SIG-S-016 Webhook 1 has no URL that can be used",
    ]),
    ...["http://127.1/s3cr3t", "https://[::1]/s3cr3t", "https://10.0.0.1"].map((url) => [
      `notify: {webhooks: [{url: '${url}', format: slack}]}`,
      `1:20 SIG-S-016 Webhook 1 is at ${new URL(url).hostname.replace(/^\[|\]$/g, "")}, which is no public address`,
    ]),
    [
      "notify: {webhooks: [{url: 'http://8.8.8.8/s3cr3t', format: slack}]}",
      "1:20 SIG-S-016 Webhook 1 is asked at 8.8.8.8 without TLS",
    ],
    [
      "notify: {allow_addresses: 'localhost'}",
      '1:27 SIG-S-016 Setting notify.allow_addresses names "localhost", which is no address and no block',
    ],
    ["notify: {api_url: 'sigma.example'}", "1:19 SIG-S-016 Cannot use this as the URL of the gateway"],
    ["notify: {secrets: 's3cr3t'}", "1:19 SIG-S-016 One of the secrets is not whsec_ and the base64 of 24 to 64 bytes"],
  ])("%s has a fault with its place, which shows no secret", async (text = "", fault = "") => {
    const found = await faults(text);
    expect(found).toEqual([fault]);
    expect(found.join("")).not.toContain("s3cr3t");
  });

  test("name an unknown format in text, and quote nothing of it", async () => {
    expect(await faults("", { SIGMA_NOTIFY_WEBHOOKS: "teams=https://h/s3cr3t" })).toEqual([
      "environment SIGMA_NOTIFY_WEBHOOKS SIG-S-004 Setting notify.webhooks must be written format=url, separated by blanks; a format is one of standard, slack, alertmanager",
    ]);
  });

  test("name files that are not there", async () => {
    expect(await faults("notify: {secrets_file: /not/there, ca_file: /nor/this}")).toEqual([
      '1:45 SIG-S-016 Cannot read "/nor/this": it does not exist',
      '1:24 SIG-S-016 Cannot read "/not/there": it does not exist',
    ]);
  });
});
