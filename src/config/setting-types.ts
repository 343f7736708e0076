/** The kinds of values in config.json. Each kind knows its check, its default and what users are told about it. */
import * as v from 'valibot';
import { parseBandwidth } from './bandwidth.ts';
import { isSafeEndpoint } from './endpoint.ts';

/** How else a value can be given. */
export interface Metadata {
  flag: string;
  env?: string;
  isPath?: boolean;
  /** For help: the accepted range or values. */
  limits?: string;
}

/** `accepts` completes the sentence "accepted: …" in error messages. */
interface Details extends Partial<Metadata> {
  accepts: string;
}

function setting<const Schema extends v.GenericSchema>(
  flag: string,
  description: string,
  { accepts, ...more }: Details,
  schema: Schema,
) {
  return v.pipe(
    v.config(schema, { message: accepts }),
    v.description(description),
    v.metadata({ flag, ...more }),
  );
}

/** Empty text means "not set". */
export function text(
  flag: string,
  description: string,
  { pattern, initial = '', ...details }: Details & { pattern: RegExp; initial?: string },
) {
  const schema = v.pipe(
    v.string(),
    v.check(value => value === '' || pattern.test(value)),
  );
  return setting(flag, description, details, v.optional(schema, initial));
}

// Such names become part of a GraphQL document.
const NAME = { pattern: /^[_A-Za-z]\w*$/, accepts: 'a GraphQL name (letters, digits, "_")' };

export function name(flag: string, description: string, initial: string) {
  return setting(flag, description, NAME, v.optional(v.pipe(v.string(), v.regex(NAME.pattern)), initial));
}

/** Empty: the project does not have it, or it is found in the schema. */
export function optionalName(flag: string, description: string, initial = '') {
  return text(flag, description, { ...NAME, initial });
}

export function region(flag: string, description: string, env?: string) {
  const pattern = /^[a-z]{2,}(?:-[a-z]+)+-\d+$/;
  return text(flag, description, { pattern, accepts: 'an AWS region like us-east-1', env });
}

/** A relative path in the file, or a default, starts at the folder of config.json. */
export function path(flag: string, description: string, initial: string, env?: string) {
  const details = { accepts: 'a path', isPath: true, env };
  return setting(flag, description, details, v.optional(v.pipe(v.string(), v.regex(/\S/)), initial));
}

/** An address that tokens may be sent to. Empty is accepted where nothing is the default. */
export function endpoint(flag: string, description: string, initial: string, env?: string) {
  const details = { accepts: 'an https:// address (http:// only for localhost, 127.0.0.0/8 and [::1])', env };
  const schema = v.pipe(
    v.string(),
    v.check(value => isSafeEndpoint(value) || (value === '' && initial === '')),
  );
  return setting(flag, description, details, v.optional(schema, initial));
}

interface Limits {
  from: number;
  to: number;
  initial: number;
}

export function wholeNumber(flag: string, description: string, { from, to, initial }: Limits) {
  const details = { accepts: `a whole number from ${from} to ${to}`, limits: `${from} to ${to}` };
  const schema = v.pipe(v.number(), v.integer(), v.minValue(from), v.maxValue(to));
  return setting(flag, description, details, v.optional(schema, initial));
}

export function number(flag: string, description: string, { from, to, initial }: Limits) {
  const details = { accepts: `a number from ${from} to ${to}`, limits: `${from} to ${to}` };
  const schema = v.pipe(v.number(), v.minValue(from), v.maxValue(to));
  return setting(flag, description, details, v.optional(schema, initial));
}

export function yesOrNo(flag: string, description: string, initial: boolean) {
  return setting(flag, description, { accepts: 'true or false' }, v.optional(v.boolean(), initial));
}

export function choice<const Values extends readonly string[]>(
  flag: string,
  description: string,
  values: Values,
  initial: Values[number],
) {
  const listed = values.filter(value => value !== '').map(value => JSON.stringify(value));
  const accepts = `${listed.slice(0, -1).join(', ')} or ${listed.at(-1)}`;
  return setting(flag, description, { accepts, limits: accepts }, v.optional(v.picklist(values), initial));
}

export function bandwidth(flag: string, description: string) {
  const accepts =
    'a rate of at least 1k a second ("512k", "20M"; powers of 1024), "off", or a timetable like "08:00,2M 18:00,off" or "Mon-08:00,2M Sat-00:00,off"';
  const schema = v.pipe(
    v.string(),
    v.check(value => parseBandwidth(value) !== null),
  );
  return setting(flag, description, { accepts }, v.optional(schema, ''));
}
