/** Requests to the local AppSync by plain `fetch`, for its own tests. */
import type { AppSync } from './appsync.ts';

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer takes the shape of its query
  data: any;
  errors: {
    message: string;
    errorType?: string;
    errorInfo?: null;
    data?: null;
    path?: (string | number)[] | null;
    locations?: { line: number; column: number; sourceName: null }[];
  }[];
}

/** One GraphQL request; `errors` is empty when the answer has none. */
export async function ask(
  api: AppSync,
  token: string | null,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Answer> {
  const response = await fetch(api.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: token }) },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as Partial<Answer>;
  return { status: response.status, data: body.data, errors: body.errors ?? [] };
}

export const CREATE_MEDIA = 'mutation($input: CreateMediaInput!) { createMedia(input: $input) { id url } }';

/** A complete CreateMediaInput. */
export function mediaInput(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    url: 'https://bucket.s3.us-east-1.amazonaws.com/media/obs/1.jpg',
    type: 'PHOTO',
    observationId: 'obs',
    isAvailableForPublicUse: false,
    ...change,
  };
}
