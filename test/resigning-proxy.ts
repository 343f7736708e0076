/**
 * Stands before an S3 server that knows no temporary keys: whatever keys a request was signed with, it goes on signed with
 * those of a client. Nothing else is changed.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';

export interface ResigningProxy {
  url: string;
  close(): void;
}

const OF_THE_SIGNATURE = ['authorization', 'x-amz-security-token', 'x-amz-date', 'host'];

export async function resigningProxy(
  target: string,
  { config: { region, credentials, sha256 } }: S3Client,
): Promise<ResigningProxy> {
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const { host, hostname, port } = new URL(target);

  async function forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(incoming.url!, target);
    const kept = Object.entries(incoming.headers).filter(([name]) => !OF_THE_SIGNATURE.includes(name));
    const signed = await signer.sign({
      method: incoming.method!,
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: { ...(Object.fromEntries(kept) as Record<string, string>), host },
    });
    const sent = request(target, { path: incoming.url, method: incoming.method, headers: signed.headers });
    const gone = () => response.destroy();
    sent.on('error', gone).on('response', answer => {
      response.writeHead(answer.statusCode!, answer.headers);
      pipeline(answer, response, () => {});
    });
    pipeline(incoming, sent, () => {});
  }

  const server = createServer((incoming, response) => {
    forward(incoming, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
