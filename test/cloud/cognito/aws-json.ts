/** The AWS JSON 1.1 protocol, server side: one POST, the operation in `X-Amz-Target`, errors by name in `__type`. */
import type { IncomingMessage } from 'node:http';
import { bodyOf, type Handler, sendJson } from '../service.ts';

export type AwsInput = Record<string, unknown>;

/** An error that the caller sees by its AWS name. */
export class AwsError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** A required string of the input. @throws AwsError InvalidParameterException */
export function textOf(input: AwsInput, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new AwsError('InvalidParameterException', `Missing required parameter ${name}`);
}

/** A map of strings (`AuthParameters`, `ChallengeResponses`, `Logins`); empty when absent. */
export function mapOf(input: AwsInput, name: string): Record<string, string> {
  return (input[name] ?? {}) as Record<string, string>;
}

/** Answers `POST /` with the operation that `X-Amz-Target: {service}.{operation}` names; input and output are JSON. */
export function awsJson(service: string, operations: Record<string, (input: AwsInput) => unknown>): Handler {
  const operationOf = ({ headers }: IncomingMessage) => {
    const [prefix, name = ''] = String(headers['x-amz-target']).split('.');
    return prefix === service && Object.hasOwn(operations, name) ? name : 'unknown';
  };
  return {
    operationOf,
    async handle(request, response) {
      const body = await bodyOf(request);
      const answer = (status: number, content: unknown, type?: string) =>
        sendJson(response, status, content, {
          'content-type': 'application/x-amz-json-1.1',
          ...(type && { 'x-amzn-errortype': `${type}:` }),
        });
      try {
        const operation = operations[operationOf(request)];
        if (!operation) throw new AwsError('UnknownOperationException', '');
        answer(200, (await operation(JSON.parse(body.toString()))) ?? {});
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        answer(400, { __type: error.type, message: error.message }, error.type);
      }
    },
  };
}
