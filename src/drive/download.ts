/**
 * Downloads over node:http(s). The response stream is read as it comes off the socket: the client library would put
 * it through a web-stream adapter and a second stream, which costs more CPU than everything else on the way.
 */
import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import { DriveRefusal } from './errors.ts';

/** Error bodies are small; whatever is longer is not Google's. */
const MAX_ERROR_BODY = 64 * 1024;
const MAX_REDIRECTS = 5;

export interface Downloads {
  /**
   * Opens the response for a GET. Throws DriveRefusal for an answer that is not 2xx, and network errors as they are.
   * A connection on which nothing moves for the stall time is destroyed with code `DOWNLOAD_STALLED`.
   */
  open(url: string, headers: Record<string, string>): Promise<IncomingMessage>;
  close(): void;
}

/** Connections are kept and reused: one TLS handshake a worker, not one a file. */
export function createDownloads(options: { connections: number; stallTimeoutMs: number }): Downloads {
  const agentOptions = {
    keepAlive: true,
    maxSockets: options.connections,
    maxFreeSockets: options.connections,
  };
  const agents = { 'http:': new HttpAgent(agentOptions), 'https:': new HttpsAgent(agentOptions) };

  const request = (url: URL, headers: Record<string, string>): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const secure = url.protocol === 'https:';
      const get = secure ? httpsGet : httpGet;
      let response: IncomingMessage | null = null;
      const sent = get(url, { headers, agent: agents[secure ? 'https:' : 'http:'] }, answer => {
        response = answer;
        resolve(answer);
      });
      sent.once('socket', socket => {
        const onSilence = () => {
          // Bytes that lie here unread: the reader is slow, not the connection.
          if (response?.readableLength) socket.setTimeout(options.stallTimeoutMs);
          else (response ?? sent).destroy(stalled(options.stallTimeoutMs));
        };
        socket.setTimeout(options.stallTimeoutMs).on('timeout', onSilence);
        // The connection goes on to another request.
        sent.once('close', () => socket.setTimeout(0).off('timeout', onSilence));
      });
      sent.on('error', reject);
    });

  const open = async (address: string, headers: Record<string, string>): Promise<IncomingMessage> => {
    let url = new URL(address);
    for (let redirects = 0; ; redirects += 1) {
      const response = await request(url, headers);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return response;
      const location = response.headers.location;
      if (status < 300 || status >= 400 || !location || redirects === MAX_REDIRECTS)
        throw await refusal(response);
      response.resume();
      const target = new URL(location, url);
      // The token is for Google alone; a redirect to somebody else's host must not carry it there.
      if (target.origin !== url.origin) headers = withoutToken(headers);
      url = target;
    }
  };

  return {
    open,
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

async function refusal(response: IncomingMessage): Promise<DriveRefusal> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_ERROR_BODY) break;
  }
  return new DriveRefusal(response.statusCode ?? 0, body, response.headers['retry-after'] ?? null);
}

function withoutToken(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
  );
}

function stalled(ms: number): Error {
  return Object.assign(new Error(`no bytes came for ${ms / 1000} s`), { code: 'DOWNLOAD_STALLED' });
}
