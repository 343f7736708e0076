/**
 * The addresses that AWS clients really use, whatever named them: a flag, an environment variable, `services` and
 * `endpoint_url` in ~/.aws/config. Requests carry tokens, so none goes to an address that is neither https nor loopback.
 */
import type { HttpRequest, MiddlewareStack, Provider } from '@smithy/types';
import { RunError } from '../../../stages/errors.ts';
import { isSafeEndpoint } from '../../config/endpoint.ts';

/** Checks the address of every request after the client has resolved it, and before it is signed. */
export function guardEndpoint<Input extends object, Output extends object>(
  client: { middlewareStack: MiddlewareStack<Input, Output> },
  service: string,
): void {
  client.middlewareStack.add(
    next => args => {
      const { protocol, hostname, port } = args.request as HttpRequest;
      requireSafe(`${protocol}//${hostname}${port ? `:${port}` : ''}`, service);
      return next(args);
    },
    { step: 'build', priority: 'high', name: 'endpointGuard', override: true },
  );
}

/** What is known about addresses in a client of the SDK. */
interface Addressed {
  config: {
    region: Provider<string>;
    useFipsEndpoint: Provider<boolean>;
    useDualstackEndpoint: Provider<boolean>;
    serviceConfiguredEndpoint?: Provider<string | undefined>;
    endpointProvider: (parameters: {
      Region: string;
      UseFIPS: boolean;
      UseDualStack: boolean;
      Endpoint?: string;
    }) => { url: URL };
  };
}

/** Where a client sends its requests: `https://host`, or with a port. Throws {@link RunError} if that is no safe address. */
export async function addressOf({ config }: Addressed, service: string): Promise<string> {
  const { url } = config.endpointProvider({
    Region: await config.region(),
    UseFIPS: await config.useFipsEndpoint(),
    UseDualStack: await config.useDualstackEndpoint(),
    Endpoint: await config.serviceConfiguredEndpoint?.(),
  });
  requireSafe(url.origin, service);
  return url.origin;
}

function requireSafe(address: string, service: string): void {
  if (isSafeEndpoint(address)) return;
  throw new RunError(
    'endpoint_not_safe',
    `The address of ${service} is ${address}, which is not https: sign-in tokens would be sent unencrypted.`,
    'Use an https:// address (http:// only for this computer). It comes from AWS_ENDPOINT_URL… in the environment, or from endpoint_url in ~/.aws/config (AWS_CONFIG_FILE, AWS_PROFILE).',
  );
}
