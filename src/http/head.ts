/** The head of an HTTP/1.1 answer (RFC 9112, sections 4 and 5). */
export interface Head {
  status: number;
  /** Names in lower case; of a name that comes twice, the values joined by a comma. */
  headers: Record<string, string>;
  /** How the body ends: after so many bytes, by its own chunks, or with the connection. */
  framing: { kind: 'length'; bytes: number } | { kind: 'chunked' } | { kind: 'close' };
  /** Whether the connection may carry another exchange. */
  keepsAlive: boolean;
}

/** What answers does not speak HTTP. */
export class GarbledAnswer extends Error {
  override readonly name = 'GarbledAnswer';
  readonly code = 'ANSWER_GARBLED';
}

const BEGINNING = 'HTTP/1.';

/** Whether an answer may begin so. Throws {@link GarbledAnswer} if not. */
export function checkBeginning(text: string): void {
  if (!BEGINNING.startsWith(text.slice(0, BEGINNING.length))) throw notHttp();
}

/** `text` is everything before the empty line. Throws {@link GarbledAnswer}. */
export function headOf(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, version, digits] = /^HTTP\/1\.([01]) ([1-9]\d{2})(?: |$)/.exec(statusLine) ?? [];
  if (!digits) throw notHttp();
  // What others might take for the end of a line: nobody could say then where the body begins.
  if (/\0|\r(?!\n)|(?<!\r)\n/.test(text)) throw new GarbledAnswer('the answer has a broken header line');
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || /\s/.test(name)) throw new GarbledAnswer('the answer has a header line that is none');
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const status = Number(digits);
  const framing = framingOf(status, headers);
  const saysClose = /(?:^|,)\s*close\s*(?:,|$)/i.test(headers.connection ?? '');
  return { status, headers, framing, keepsAlive: framing.kind !== 'close' && version === '1' && !saysClose };
}

function notHttp(): GarbledAnswer {
  return new GarbledAnswer('what answers there does not speak HTTP/1.1');
}

/** RFC 9112, 6.3. */
function framingOf(status: number, headers: Record<string, string>): Head['framing'] {
  if (status === 204 || status === 304) return { kind: 'length', bytes: 0 };
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== 'chunked') throw new GarbledAnswer(`the answer is encoded as ${encoding}`);
    return { kind: 'chunked' };
  }
  const length = headers['content-length'];
  if (length === undefined) return { kind: 'close' };
  if (!/^\d{1,15}$/.test(length)) throw new GarbledAnswer(`the answer says that its length is ${length}`);
  return { kind: 'length', bytes: Number(length) };
}
