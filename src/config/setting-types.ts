/** The kinds of values in config.json. Each kind knows its check, its default and what users are told about it. */
import * as v from 'valibot';
import { parseBandwidth } from './bandwidth.ts';
import { isSafeEndpoint } from './endpoint.ts';

/** How else a value can be given. */
export interface Metadata {
  /** The flag of `config`. By default it is the last part of the key, for a model's key with the model's name before it. */
  flag?: string;
  env?: string;
  isPath?: boolean;
  /** The accepted range or values, in help. */
  limits?: string;
}

/** An object in the file. What it lacks has its default. */
export function section<const Entries extends v.ObjectEntries>(entries: Entries) {
  const schema = v.object(entries, 'an object { … }');
  // Every entry has a default, which the compiler cannot see here.
  return v.optional(schema, {} as v.InferInput<typeof schema>);
}

/** `accepts` completes the sentence "accepted: …" in error messages. */
function setting<const Schema extends v.GenericSchema>(
  summary: string,
  accepts: string,
  schema: Schema,
  metadata: Metadata = {},
) {
  return v.pipe(v.config(schema, { message: accepts }), v.description(summary), v.metadata({ ...metadata }));
}

/** A setting of text. If it has no default, empty text is accepted, too: it means "not set". */
export function text(
  summary: string,
  accepts: string,
  accepted: RegExp | ((value: string) => boolean),
  { initial = '', ...metadata }: Metadata & { initial?: string } = {},
) {
  const isAccepted = (value: string) => (accepted instanceof RegExp ? accepted.test(value) : accepted(value));
  const check = v.check((value: string) => isAccepted(value) || (value === '' && initial === ''));
  return setting(summary, accepts, v.optional(v.pipe(v.string(), check), initial), metadata);
}

// Such names become part of a GraphQL document.
const NAME = 'a GraphQL name (letters, digits, "_")';

export function name(flag: string, summary: string, initial: string) {
  return text(summary, NAME, /^[_A-Za-z]\w*$/, { flag, initial });
}

/** Empty: the project does not have it, or it is found in the schema. */
export function optionalName(summary: string, metadata: Metadata & { initial?: string } = {}) {
  return text(summary, NAME, /^(?:[_A-Za-z]\w*)?$/, metadata);
}

export function region(summary: string, env?: string) {
  return text(summary, 'an AWS region like us-east-1', /^[a-z]{2,}(?:-[a-z]+)+-\d+$/, { env });
}

/** A relative path in the file, or a default, starts at the folder of config.json. */
export function path(summary: string, initial: string, env?: string) {
  return text(summary, 'a path', /\S/, { isPath: true, initial, env });
}

/** An address that tokens may be sent to. */
export function endpoint(summary: string, metadata: Metadata & { initial?: string }) {
  const accepts = 'an https:// address (http:// only for localhost, 127.0.0.0/8 and [::1])';
  return text(summary, accepts, isSafeEndpoint, metadata);
}

type Range = readonly [from: number, to: number];

export function number(summary: string, [from, to]: Range, initial: number, kind = 'number') {
  const isAccepted = (value: number) => kind === 'number' || Number.isInteger(value);
  const schema = v.pipe(v.number(), v.minValue(from), v.maxValue(to), v.check(isAccepted));
  const limits = `${from} to ${to}`;
  return setting(summary, `a ${kind} from ${limits}`, v.optional(schema, initial), { limits });
}

export function wholeNumber(summary: string, range: Range, initial: number) {
  return number(summary, range, initial, 'whole number');
}

export function yesOrNo(summary: string, initial: boolean) {
  return setting(summary, 'true or false', v.optional(v.boolean(), initial));
}

/** The first one is the default. */
export function choice<const Values extends readonly string[]>(summary: string, values: Values) {
  const listed = values.filter(value => value !== '').map(value => JSON.stringify(value));
  const limits = `${listed.slice(0, -1).join(', ')} or ${listed.at(-1)}`;
  return setting(summary, limits, v.optional(v.picklist(values), values[0] as Values[number]), { limits });
}

export function bandwidth(summary: string) {
  const accepts =
    'a rate of at least 1k a second ("512k", "20M"; powers of 1024), "off", or a timetable like "08:00,2M 18:00,off" or "Mon-08:00,2M Sat-00:00,off"';
  return text(summary, accepts, value => parseBandwidth(value) !== null);
}
