/** More ways for a request to go wrong than `faults.ts` has: those that need the body, or change the answer. */
import { bodyOf, type Intercept, sendJson } from '../cloud/service.ts';
import { rewritten } from '../faults.ts';

type Answer = { data?: Record<string, unknown> | null; errors?: unknown[] };

/** HTTP 200 in which no field was executed: DynamoDB's or a resolver's own error stands at each. */
export function everyFieldFails(errorType: string): Intercept {
  return async (request, response) => {
    const { query } = JSON.parse((await bodyOf(request)).toString('utf8')) as { query: string };
    const aliases = [...query.matchAll(/(\w+): \w+\(/g)].map(([, alias]) => alias!);
    if (aliases.length === 0) sendJson(response, 503, { errors: [{ errorType, message: 'Injected.' }] });
    else {
      sendJson(response, 200, {
        data: Object.fromEntries(aliases.map(alias => [alias, null])),
        errors: aliases.map(alias => ({ path: [alias], errorType, message: 'Injected.' })),
      });
    }
    return true;
  };
}

/** HTTP 200 in which every second field failed, although its work was done: a write that DynamoDB could not confirm. */
export function someFieldsFailAfterwards(errorType: string): Intercept {
  return changedAnswer(({ data, errors = [] }) => {
    const aliases = Object.keys(data ?? {}).filter((_, index) => index % 2 === 0);
    return {
      data: { ...data, ...Object.fromEntries(aliases.map(alias => [alias, null])) },
      errors: [...errors, ...aliases.map(alias => ({ path: [alias], errorType, message: 'Injected.' }))],
    };
  });
}

const changedAnswer = (change: (answer: Answer) => Answer): Intercept =>
  rewritten(({ status, body }) => {
    if (status !== 200) return {};
    return { body: Buffer.from(JSON.stringify(change(JSON.parse(body.toString()) as Answer))) };
  });

/** The page's `nextToken` is one that AppSync will not take. */
export const spoiltToken: Intercept = changedAnswer(({ data, errors }) => {
  const page = data?.page as { nextToken: string | null } | undefined;
  if (page?.nextToken) page.nextToken = Buffer.from('no such page of this table').toString('base64');
  return { data, ...(errors && { errors }) };
});

/** The answer's body ends after so many bytes, and its headers say that this is all. */
export const shortBody = (bytes: number): Intercept =>
  rewritten(({ body }) => ({ body: body.subarray(0, bytes) }));

/** The answer's body goes on behind its end, and its headers say that this belongs to it. */
export const longBody = (bytes: number): Intercept =>
  rewritten(({ status, body }) => (status < 300 ? { body: Buffer.concat([body, Buffer.alloc(bytes)]) } : {}));

/** The byte at this place of the request's body arrives as another one. */
export function flipOnTheWay(at: number): Intercept {
  return request => {
    const push = request.push.bind(request);
    let passed = 0;
    request.push = (chunk: Buffer | null): boolean => {
      const place = at - passed;
      passed += chunk?.length ?? 0;
      if (!chunk || place < 0 || place >= chunk.length) return push(chunk);
      const altered = Buffer.from(chunk);
      altered[place]! ^= 1;
      return push(altered);
    };
    return false;
  };
}
