/** What the clients of the AWS SDK have in common here: safe addresses, and retries that share throttling. */
import type { HttpRequest, MiddlewareStack, Provider } from '@smithy/types';
import { RunError } from '../../../stages/errors.ts';
import { type Backoff, withRetries } from '../../../stages/retry/backoff.ts';
import { type Reasons, type RetryPolicy, retryPolicyFor } from '../../../stages/retry/faults.ts';
import { isSafeEndpoint } from '../../config/endpoint.ts';

/** The SDK's own first wait: most AWS faults are over a moment later. */
const FIRST_WAIT_MS = 100;

/**
 * Checks the address of every request after the client has resolved it, and before it is signed. Replaces the client's
 * retries by ours, which share throttling. A stream is sent once: it cannot be read again. `service` is for messages.
 */
export function guardAndRetry<Input extends object, Output extends object>(
  client: { middlewareStack: MiddlewareStack<Input, Output> },
  { service, backoff, reasons = {} }: { service: string; backoff: Backoff; reasons?: Reasons },
): void {
  client.middlewareStack.add(
    next => args => {
      const { protocol, hostname, port } = args.request as HttpRequest;
      requireSafe(`${protocol}//${hostname}${port ? `:${port}` : ''}`, service);
      return next(args);
    },
    { step: 'build', priority: 'high', name: 'endpointGuard', override: true },
  );
  const soon = { ...backoff, baseMs: Math.min(FIRST_WAIT_MS, backoff.baseMs) };
  const policy = sdkRetryPolicy(reasons);
  client.middlewareStack.add(
    next => args => {
      const { body } = args.request as { body?: { pipe?: unknown } };
      const isStream = typeof body?.pipe === 'function';
      return isStream ? next(args) : withRetries(() => next(args), policy, soon);
    },
    { step: 'finalizeRequest', priority: 'high', name: 'retryMiddleware', tags: ['RETRY'], override: true },
  );
}

function sdkRetryPolicy(reasons: Reasons): RetryPolicy {
  const policy = retryPolicyFor(reasons);
  return error => {
    const { $retryable, $metadata } = (error ?? {}) as Partial<SdkError>;
    const decision = policy(error);
    // The SDK has corrected its clock from the response, so the next signature is valid.
    const again = decision.again || Boolean($retryable) || $metadata?.clockSkewCorrected === true;
    return { ...decision, again };
  };
}

interface SdkError {
  $retryable: object;
  $metadata: { clockSkewCorrected?: boolean };
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

/** Requests carry tokens. Addresses come from flags, the environment, and `endpoint_url` in ~/.aws/config. */
function requireSafe(address: string, service: string): void {
  if (isSafeEndpoint(address)) return;
  throw new RunError(
    'endpoint_not_safe',
    `The address of ${service} is ${address}, which is not https: sign-in tokens would be sent unencrypted.`,
    'Use an https:// address (http:// only for this computer). It comes from AWS_ENDPOINT_URL… in the environment, or from endpoint_url in ~/.aws/config (AWS_CONFIG_FILE, AWS_PROFILE).',
  );
}
