/**
 * The addresses that AWS clients really use, whatever named them: a flag, an environment variable, `services` and
 * `endpoint_url` in ~/.aws/config. Requests carry tokens, so none goes to an address that is neither https nor loopback.
 */
import type { HttpRequest, MiddlewareStack } from '@smithy/types';
import { RunError } from '../../../stages/errors.ts';
import { isSafeEndpoint } from '../../config/endpoint.ts';

interface Guarded<Input extends object, Output extends object> {
  middlewareStack: MiddlewareStack<Input, Output>;
}

/** Checks the address of every request after the client has resolved it, and before it is signed. */
export function guardEndpoint<Input extends object, Output extends object>(
  client: Guarded<Input, Output>,
  service: string,
): void {
  client.middlewareStack.add(
    next => args => {
      const address = originOf(args.request as HttpRequest);
      if (!isSafeEndpoint(address)) throw notSafe(service, address);
      return next(args);
    },
    { step: 'build', priority: 'high', name: 'endpointGuard', override: true },
  );
}

/**
 * Where a client would send this command: `https://host`, or with a port. `send` is the client's; nothing is sent.
 * Throws {@link RunError} `endpoint_not_safe`, and what the SDK throws for a configuration that it cannot read.
 */
export async function addressOf<Input extends object, Output extends object>(
  command: Guarded<Input, Output>,
  send: () => Promise<unknown>,
): Promise<string> {
  let address = '';
  command.middlewareStack.add(
    () => async args => {
      address = originOf(args.request as HttpRequest);
      return { output: { $metadata: {} } as unknown as Output, response: {} };
    },
    { step: 'build', priority: 'low', name: 'neverSent' },
  );
  await send();
  return address;
}

function originOf({ protocol, hostname, port }: HttpRequest): string {
  return `${protocol}//${hostname}${port ? `:${port}` : ''}`;
}

function notSafe(service: string, address: string): RunError {
  return new RunError(
    'endpoint_not_safe',
    `The address of ${service} is ${address}, which is not https: sign-in tokens would be sent unencrypted.`,
    'Use an https:// address (http:// only for this computer). It comes from AWS_ENDPOINT_URL… in the environment, or from endpoint_url in ~/.aws/config (AWS_CONFIG_FILE, AWS_PROFILE).',
  );
}
