/** The head of an HTTP/1.1 request (RFC 9112, sections 3 and 5). */
export interface Request {
  method: 'GET' | 'PUT';
  /** With query, encoded. */
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
}

/** In latin1. Throws TypeError for what would become another line of the head, or cannot be said there. */
export function requestHead({ method, path, headers }: Omit<Request, 'body'>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  if (/[^\x21-\x7e]/.test(path) || lines.some(line => /[^\t\x20-\x7e\x80-\xff]/.test(line))) {
    throw new TypeError('a header or path has characters that no request may have');
  }
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}
