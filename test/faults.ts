/** Faults for the services of the local cloud: what a test lets happen to single requests. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Intercept, Service } from './cloud/service.ts';

/** The first requests whose method and URL fit meet these faults, one each, in order; all others are answered as ever. */
export function inject(service: Service, pattern: RegExp, faults: Intercept[]): void {
  const left = [...faults];
  service.intercept = (request, response) => {
    if (!pattern.test(`${request.method} ${request.url}`)) return false;
    return left.shift()?.(request, response) ?? false;
  };
}

/** Every request that fits meets the fault. */
export function always(service: Service, pattern: RegExp, fault: Intercept): void {
  service.intercept = (request, response) =>
    pattern.test(`${request.method} ${request.url}`) && fault(request, response);
}

/** The same fault, so many times. */
export function times(count: number, fault: Intercept): Intercept[] {
  return Array.from({ length: count }, () => fault);
}

/** The connection ends before a byte of the answer. */
export const reset: Intercept = request => {
  request.socket.destroy();
  return true;
};

/** Nothing ever comes. */
export const silence: Intercept = () => true;

/** Any answer. The request's body is read first, so that the client gets to see the answer. */
export function answer(
  status: number,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Intercept {
  return async (request, response) => {
    for await (const _ of request);
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
    response.end(body);
    return true;
  };
}

export const jsonAnswer = (status: number, body: unknown, headers: Record<string, string> = {}): Intercept =>
  answer(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });

/** Drive's words for a refusal. */
export function driveRefusal(
  status: number,
  reason: string,
  headers: Record<string, string> = {},
): Intercept {
  const error = { code: status, message: `Injected: ${reason}`, errors: [{ domain: 'usageLimits', reason }] };
  return jsonAnswer(status, { error }, headers);
}

/** S3's words for a refusal; with status 200 an error that shows up after the headers went out. */
export function s3Refusal(status: number, code: string, headers: Record<string, string> = {}): Intercept {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Injected.</Message></Error>`;
  return answer(status, body, { 'content-type': 'application/xml', ...headers });
}

/** Cognito's words for a refusal. */
export function awsRefusal(status: number, type: string): Intercept {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': type };
  return jsonAnswer(status, { __type: type, message: 'Injected.' }, headers);
}

/** AppSync's words for a refusal of the whole request. */
export function appSyncRefusal(
  status: number,
  errorType: string,
  headers: Record<string, string> = {},
): Intercept {
  return jsonAnswer(status, { errors: [{ errorType, message: 'Injected.' }] }, headers);
}

/** An error page as gateways and proxies send it. */
export const htmlPage = (status: number): Intercept =>
  answer(status, '<!DOCTYPE html><html><title>Error</title><p>Sorry.</html>', {
    'content-type': 'text/html; charset=UTF-8',
  });

/** The service does its work, but the connection ends before a byte of its answer. */
export const lostAnswer: Intercept = (request, response) => {
  response.writeHead = () => {
    request.socket.destroy();
    return response;
  };
  return false;
};

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** The service does its work, but the client gets another answer. */
export function rewritten(change: (answer: Answer) => Partial<Answer>): Intercept {
  return (_, response) => {
    const { writeHead, end } = response;
    let head: Pick<Answer, 'status' | 'headers'>;
    const chunks: Buffer[] = [];
    response.writeHead = ((status: number, headers: Record<string, string> = {}) => {
      head = { status, headers };
      return response;
    }) as typeof writeHead;
    response.write = (chunk: Buffer | string) => chunks.push(Buffer.from(chunk)) > 0;
    response.end = ((chunk: Buffer | string = '') => {
      const answer = { ...head, body: Buffer.concat([...chunks, Buffer.from(chunk)]) };
      const { status, headers, body } = { ...answer, ...change(answer) };
      writeHead.call(response, status, { ...headers, 'content-length': body.length });
      return end.call(response, body, 'utf8');
    }) as typeof end;
    return false;
  };
}

/** The service does its work, but the client is told something else. */
export const answerAfterwards = (status: number, body: string): Intercept =>
  rewritten(() => ({ status, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) }));

/** An answer that announces more than comes before the connection breaks. */
export const brokenOff =
  (status: number, body: string): Intercept =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length + 100 });
    response.write(body, () => response.destroy());
    return true;
  };

/** The connection breaks after so many bytes of the answer's body. */
export const breakAfter = (bytes: number): Intercept => body(bytes, response => response.destroy());

/** After so many bytes of the answer's body nothing more comes, and the connection stays open. */
export const stallAfter = (bytes: number): Intercept => body(bytes, () => {});

function body(bytes: number, cut: (response: ServerResponse) => void): Intercept {
  return (_, response) => {
    const write = response.write.bind(response) as (chunk: Buffer, done?: () => void) => boolean;
    let left = bytes;
    let isCut = false;
    response.write = ((chunk: Buffer): boolean => {
      if (isCut) return true;
      if (chunk.length < left) {
        left -= chunk.length;
        return write(chunk);
      }
      isCut = true;
      response.end = () => response;
      return write(chunk.subarray(0, left), () => cut(response));
    }) as ServerResponse['write'];
    return false;
  };
}

/** The byte at this place of the answer's body is another one. */
export const flipByte = (at: number): Intercept =>
  rewritten(({ body }) => {
    if (at < body.length) body[at]! ^= 1;
    return { body };
  });

/** A promise, and what resolves it. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>(settle => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Holds requests that fit, until they are released to be answered as usual; `reached` resolves when the first one arrives. */
export function hold(service: Service, fits: (request: IncomingMessage) => boolean = () => true) {
  const [reached, released] = [deferred(), deferred<boolean>()];
  service.intercept = request => {
    if (!fits(request)) return false;
    reached.resolve();
    return released.promise;
  };
  const release = () => {
    service.intercept = null;
    released.resolve(false);
  };
  return { reached: reached.promise, release };
}

/** Resolves when the n-th request that fits arrives; it is answered as usual. */
export function arrival(service: Service, fits: (request: IncomingMessage) => boolean, n = 1): Promise<void> {
  const { promise, resolve } = deferred();
  let seen = 0;
  service.intercept = request => {
    if (fits(request) && ++seen === n) resolve();
    return false;
  };
  return promise;
}
