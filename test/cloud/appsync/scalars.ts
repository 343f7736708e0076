/** AWSURL, a scalar that AppSync adds to GraphQL. */
import { type GraphQLScalarType, Kind } from 'graphql';

/**
 * RFC 3986 with a host, http or https only: no space, nothing outside ASCII, every `%` followed by two hex digits.
 * AppSync itself takes other schemes too, and its documentation forbids two slashes in a row within the path.
 */
const URL_FORM =
  /^https?:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?(?:[/?#](?:[a-z0-9\-._~:/?#@!$&'()*+,;=]|%[0-9a-f]{2})*)?$/i;

/** Whether AppSync takes a text as AWSURL (docs/services.md, AppSync; AppSync developer guide, "Scalar types"). */
export function isAwsUrl(text: string): boolean {
  if (!URL_FORM.test(text)) return false;
  const path = text.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/, '');
  return !path.includes('//');
}

/** Makes a scalar refuse what AppSync does not take as AWSURL. */
export function restrictToUrls(scalar: GraphQLScalarType): void {
  scalar.parseValue = value => {
    if (typeof value === 'string' && isAwsUrl(value)) return value;
    throw new TypeError(`Unable to parse \`${String(value)}\` as a valid URL.`);
  };
  scalar.parseLiteral = node => scalar.parseValue(node.kind === Kind.STRING ? node.value : null);
}
