/**
 * Hides secrets. Our own messages contain none; this is the last check before text from other people's code, or a
 * configuration with keys of its own, goes to a log, a message or the terminal.
 */

const HIDDEN = '[hidden]';

/** What the secrets of Google and AWS look like. */
const SHAPES: readonly RegExp[] = [
  // Google: access token, refresh token, authorization code, client secret.
  /\bya29\.[\w.-]+/g,
  /(?<![\w/])(?:1\/\/|4\/0)[\w-]{20,}/g,
  /\bGOCSPX-[\w-]+/g,
  // User and password in the address of a Redis.
  /(?<=\brediss?:\/\/)[^\s"/]*@/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

/**
 * JWT: Cognito's ID and access tokens, a service account's assertion. Cognito's refresh tokens begin so too, in five
 * parts. `word` has no character that a token cannot have; every one of them is looked at once.
 */
function withoutJwt(word: string): string {
  let dot = -1;
  for (let at = word.indexOf('eyJ'); at >= 0; at = word.indexOf('eyJ', at + 1)) {
    if (dot < at) dot = word.indexOf('.', at);
    if (dot < 0) break;
    const isAtStart = at === 0 || /\W/.test(word[at - 1]!);
    if (isAtStart && dot - at >= MIN_JWT_HEADER) return `${word.slice(0, at)}${HIDDEN}`;
  }
  return word;
}

const MIN_JWT_HEADER = 13;

/** The value after such a name, in JSON, a form, a header or an address. */
const NAMED =
  /((?:access_?key|secret|session_?token|security-token|refresh_?token|id_?token|access_?token|client_secret|assertion|subject_?token(?!_)|code_verifier|password|passwd|authorization|x-amz-signature|signature|private_?key(?!_id)|secret_?block)[\w-]{0,40}\\?["']?\s{0,20}[:=]\s{0,20}(?:Bearer\s{1,20})?\\?["']?)([^\s"'&,;\\}{)]{8,})/gi;

/** The text without anything that looks like a secret, and without the known secrets. */
export function withoutSecrets(text: string, known: readonly string[] = []): string {
  let clean = text;
  for (const secret of known) if (secret.length >= 4) clean = clean.replaceAll(secret, HIDDEN);
  clean = clean.replace(/[\w.-]{14,}/g, withoutJwt);
  for (const shape of SHAPES) clean = clean.replace(shape, HIDDEN);
  return clean.replace(NAMED, (whole, name: string, value: string) =>
    value.startsWith(HIDDEN) ? whole : `${name}${HIDDEN}`,
  );
}

/** The text without the user names and passwords in addresses. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/"]*@/g, '//…@');
}

const SECRET_NAME = /secret|token|password|passwd|private_?key|api_?key/i;
const ADDRESS_NAME = /_(?:path|url|uri)$/i;

const MASK = '********';

/** A copy in which the value of every key that is named like a secret is hidden. */
export function withHiddenValues(value: unknown, name = ''): unknown {
  if (SECRET_NAME.test(name) && !ADDRESS_NAME.test(name))
    return value === '' || value === null ? value : MASK;
  if (typeof value === 'string') return withoutCredentials(value);
  if (Array.isArray(value)) return value.map(item => withHiddenValues(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, withHiddenValues(below, key)]));
}
