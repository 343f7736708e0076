/** `nextToken`: says nothing to the client, and fits only the query that gave it. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { AppSyncError } from './errors.ts';

export type PageTokens = ReturnType<typeof createPageTokens>;

/** Tokens of one server: another one does not take them. */
export function createPageTokens() {
  const key = randomBytes(32);
  return {
    /** `query` names the field and its key, `after` the last item of the page. */
    write(query: string, after: string) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(query));
      const text = Buffer.concat([cipher.update(after, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64');
    },
    /** @throws AppSyncError when malformed, altered, or of another query. */
    read(query: string, token: string) {
      const bytes = Buffer.from(token, 'base64');
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
        decipher.setAAD(Buffer.from(query)).setAuthTag(bytes.subarray(12, 28));
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
      } catch {
        // Belief: AppSync's type and wording; the fact is that such a request fails.
        throw new AppSyncError('BadRequestException', 'Invalid pagination token given.');
      }
    },
  };
}
