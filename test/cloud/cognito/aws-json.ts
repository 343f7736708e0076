/** The AWS JSON 1.1 protocol, server side: one POST, the operation in `X-Amz-Target`, errors by name in `__type`. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { bodyOf, type Handler } from '../service.ts';

export type AwsInput = Record<string, unknown>;
export type Operation = (input: AwsInput) => unknown;

/** An error that the caller sees by its AWS name. */
export class AwsError extends Error {
  readonly type: string;
  readonly status: number;

  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

/** A required string of the input. @throws AwsError InvalidParameterException */
export function textOf(input: AwsInput, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  if (value !== undefined && value !== null && typeof value !== 'string') {
    throw new AwsError('SerializationException', `${name} is not a string`);
  }
  throw new AwsError('InvalidParameterException', `Missing required parameter ${name}`);
}

/** A map of strings (`AuthParameters`, `ChallengeResponses`, `Logins`); empty when absent. @throws AwsError */
export function mapOf(input: AwsInput, name: string): Record<string, string> {
  const value = input[name] ?? {};
  const valid =
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.values(value as object).every(entry => typeof entry === 'string');
  if (!valid) throw new AwsError('SerializationException', `${name} is not a map of strings`);
  return value as Record<string, string>;
}

/** Answers `POST /` with the operation that `X-Amz-Target: {service}.{operation}` names; input and output are JSON. */
export function awsJson(service: string, operations: Record<string, Operation>): Handler {
  const nameOf = (target: string | string[] | undefined) => {
    const [prefix, name] = String(target ?? '').split('.');
    return prefix === service ? name : undefined;
  };
  return {
    operationOf: request => nameOf(request.headers['x-amz-target']) ?? 'unknown',
    async handle(request, response) {
      const body = await bodyOf(request);
      const name = nameOf(request.headers['x-amz-target']);
      const operation = name !== undefined && Object.hasOwn(operations, name) ? operations[name] : undefined;
      try {
        if (request.method !== 'POST' || !operation) throw new AwsError('UnknownOperationException', '');
        if (!request.headers['content-type']?.startsWith('application/x-amz-json-1.1')) {
          throw new AwsError('SerializationException', 'Content-Type is not application/x-amz-json-1.1');
        }
        sendAws(response, 200, (await operation(parsed(body))) ?? {});
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        sendAws(
          response,
          error.status,
          { __type: error.type, message: error.message },
          {
            'x-amzn-errortype': `${error.type}:`,
            'x-amzn-errormessage': error.message,
          },
        );
      }
    },
  };
}

function parsed(body: Buffer): AwsInput {
  try {
    const input: unknown = JSON.parse(body.toString('utf8'));
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as AwsInput;
  } catch {
    // Falls through to the same refusal as JSON that is no object.
  }
  throw new AwsError('SerializationException', 'The body is not a JSON object');
}

function sendAws(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
    ...headers,
  });
  response.end(text);
}
