import { isIpv4, isIpv6 } from "./addresses.ts";
import { isDate, isDateTime, isTime } from "./dates.ts";
import { isDuration } from "./durations.ts";
import { isEmail, isIdnEmail } from "./emails.ts";
import { isHostname, isIdnHostname } from "./hosts.ts";
import { isJsonPointer, isRelativeJsonPointer } from "./pointers.ts";
import { isRegex } from "./regex.ts";
import { isUriTemplate } from "./uri-templates.ts";
import { isIri, isIriReference, isUri, isUriReference } from "./uris.ts";
import { isUuid } from "./uuids.ts";

/** Whether a text has a format. Pure and total: any text, even with lone surrogates, in time linear in its length. */
export type FormatCheck = (text: string) => boolean;

/**
 * The formats of JSON Schema 2020-12 (Validation, section 7.3) by name. They apply to strings only. docs/formats.md
 * describes what each accepts.
 */
export const FORMATS: ReadonlyMap<string, FormatCheck> = new Map<string, FormatCheck>([
  ["date-time", isDateTime],
  ["date", isDate],
  ["time", isTime],
  ["duration", isDuration],
  ["email", isEmail],
  ["idn-email", isIdnEmail],
  ["hostname", isHostname],
  ["idn-hostname", isIdnHostname],
  ["ipv4", isIpv4],
  ["ipv6", isIpv6],
  ["uri", isUri],
  ["uri-reference", isUriReference],
  ["iri", isIri],
  ["iri-reference", isIriReference],
  ["uri-template", isUriTemplate],
  ["uuid", isUuid],
  ["json-pointer", isJsonPointer],
  ["relative-json-pointer", isRelativeJsonPointer],
  ["regex", isRegex],
]);
