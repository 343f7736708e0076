/**
 * HTTPS_PROXY, HTTP_PROXY and NO_PROXY, with one meaning for every service. undici and gaxios (inside Google's client) read these
 * variables by themselves and differ in details, such as whether NO_PROXY=example.com covers its subdomains. Rewritten in a form
 * that all of them read alike, they mean what curl and Go make of them.
 */
import type { AgentOptions, ClientRequest, Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { AgentConnectOpts } from 'agent-base';
import { RunError } from '../../../stages/errors.ts';

type Env = Record<string, string | undefined>;

/**
 * Rewrites the proxy variables in place. A proxy that is set for one of http and https serves the other one, too, and
 * ALL_PROXY serves both where neither is set. `NO_PROXY=*` switches proxies off.
 */
export function normalizeProxies(env: Env): void {
  const all = variable(env, 'ALL_PROXY');
  const http = variable(env, 'HTTP_PROXY') || variable(env, 'HTTPS_PROXY') || all;
  const https = variable(env, 'HTTPS_PROXY') || http;
  const exceptions = variable(env, 'NO_PROXY')
    .split(/[\s,]+/)
    .filter(Boolean);
  const NO_PROXY = [...new Set(exceptions.flatMap(spellings))].join(',');
  const rewritten = { ALL_PROXY: '', HTTP_PROXY: withScheme(http), HTTPS_PROXY: withScheme(https), NO_PROXY };
  for (const [name, value] of Object.entries(rewritten)) {
    delete env[name];
    delete env[name.toLowerCase()];
    if (value !== '' && !exceptions.includes('*')) env[name] = value;
  }
}

/** The value of a variable; as usual on Unix, its lower-case name has priority. */
function variable(env: Env, name: string): string {
  return (env[name.toLowerCase()] || env[name] || '').trim();
}

/** `proxy.example.com:3128` is a proxy for curl, and not for the libraries. */
function withScheme(proxy: string): string {
  return proxy === '' || proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** An exception in each form that one of the libraries needs: the host, its subdomains, and the origin with a port. */
function spellings(exception: string): string[] {
  const isBareIPv6 = exception.split(':').length > 2 && !exception.startsWith('[');
  const host = (isBareIPv6 ? `[${exception}]` : exception).toLowerCase();
  const [, name = '', port] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(host)!;
  if (name === '') return [];
  if (port) return [`${name}:${port}`, `https://${name}:${port}`, `http://${name}:${port}`];
  return exception.startsWith('*.') || exception.startsWith('.') ? [`.${name}`, name] : [name, `.${name}`];
}

/** Where requests to https and http addresses go, without passwords; null where they go directly. */
export function proxiesOf(env: Env): { https: string | null; http: string | null; except: string[] } {
  return {
    https: shown(env.HTTPS_PROXY),
    http: shown(env.HTTP_PROXY),
    except: (env.NO_PROXY ?? '').split(',').filter(host => host !== '' && !/^(\.|https?:)/.test(host)),
  };
}

function shown(proxy: string | undefined): string | null {
  if (!proxy) return null;
  const url = URL.canParse(proxy) ? new URL(proxy) : null;
  return url ? `${url.protocol}//${url.username ? '…@' : ''}${url.host}` : proxy.replace(/\/\/.*@/, '//…@');
}

/** Throws RunError for a proxy that none of the clients could use. */
export function requireUsableProxies(env: Env): void {
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY']) {
    const proxy = env[name];
    if (!proxy || (/^https?:/.test(proxy) && URL.canParse(proxy))) continue;
    throw new RunError(
      'proxy_unusable',
      `${name} is ${shown(proxy)}, which is not the address of an HTTP proxy.`,
      `Set ${name} to an address like http://proxy.example.com:3128, or unset it.`,
    );
  }
}

/** Agents for clients that use Node's own HTTP: the AWS SDK. Like undici, they open a tunnel for http addresses, too. */
export async function httpAgents(
  options: AgentOptions,
): Promise<{ httpAgent: HttpAgent; httpsAgent: HttpsAgent }> {
  const [{ Agent: Http }, { Agent: Https }] = await Promise.all([import('node:http'), import('node:https')]);
  const direct = { httpAgent: new Http(options), httpsAgent: new Https(options) };
  const { HTTP_PROXY: http, HTTPS_PROXY: https } = process.env;
  if (!http || !https) return direct;
  const [{ Agent }, { HttpsProxyAgent }] = await Promise.all([
    import('agent-base'),
    import('https-proxy-agent'),
  ]);
  const tunnels = {
    httpAgent: new HttpsProxyAgent(http, options),
    httpsAgent: new HttpsProxyAgent(https, options),
  };
  class ProxyAgent extends Agent {
    connect(_request: ClientRequest, { secureEndpoint, host, port }: AgentConnectOpts): HttpAgent {
      const agents = isException(host ?? '', port) ? direct : tunnels;
      return secureEndpoint ? agents.httpsAgent : agents.httpAgent;
    }
    override destroy(): void {
      for (const agent of [...Object.values(direct), ...Object.values(tunnels)]) agent.destroy();
    }
  }
  const agent = new ProxyAgent() as HttpAgent as HttpsAgent;
  return { httpAgent: agent, httpsAgent: agent };
}

function isException(host: string, port: number): boolean {
  return (process.env.NO_PROXY ?? '')
    .split(',')
    .some(name => name === host || name === `${host}:${port}` || (name[0] === '.' && host.endsWith(name)));
}

/** A `fetch` for clients that take one: AppSync. */
export async function fetchThroughProxy(): Promise<typeof globalThis.fetch> {
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent();
  return ((url: string, init: object) =>
    fetch(url, { ...init, dispatcher })) as unknown as typeof globalThis.fetch;
}
