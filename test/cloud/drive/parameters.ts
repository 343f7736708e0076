/** Query parameters of the Drive API, read as strictly as Google's servers read them. */
import { invalidParameter } from './errors.ts';
import { checkMask, type Mask, parseMask } from './fields.ts';

/** False if absent. Throws 400 for anything but `true` and `false`. */
export function booleanParameter(parameters: URLSearchParams, name: string): boolean {
  const text = parameters.get(name) ?? 'false';
  if (text !== 'true' && text !== 'false') {
    throw invalidParameter(name, `Invalid boolean value: '${text}'.`, 'invalidParameter');
  }
  return text === 'true';
}

/** Throws 400 if it is no whole number or lies outside. */
export function integerParameter(
  parameters: URLSearchParams,
  name: string,
  { least, most, otherwise }: { least: number; most: number; otherwise: number },
): number {
  const text = parameters.get(name) ?? String(otherwise);
  const number = Number(text);
  if (!/^-?\d+$/.test(text) || number < least || number > most) {
    const message = `Invalid value '${text}'. Values must be within the range: [${least}, ${most}]`;
    throw invalidParameter(name, message, 'invalidParameter');
  }
  return number;
}

/** The `fields` mask, checked against the schema of the answer. Throws 400 for names that it does not have. */
export function fieldsParameter(parameters: URLSearchParams, schema: Mask, otherwise: string): Mask {
  const mask = parseMask(parameters.get('fields') || otherwise);
  checkMask(mask, schema);
  return mask;
}
