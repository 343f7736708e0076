/**
 * Standard output and standard error with control characters spelled out, whoever writes: names in Drive, answers of
 * services and configuration files may contain escape sequences that a terminal would act on.
 */
import { StringDecoder } from 'node:string_decoder';
import { visibleLines } from '../../run/text/visible.ts';
import { wrapped } from '../../run/text/wrap.ts';

/**
 * The lines with their line ends, wrapped between words where they are written to a terminal. A line end within one of them is
 * continued below, indented: no text from elsewhere can look like a message of its own.
 */
export function asLines(lines: readonly string[], { isTTY, columns }: Terminal = {}): string {
  const width = isTTY && columns ? columns : Number.POSITIVE_INFINITY;
  return lines
    .flatMap(line => line.replace(/\r?\n(?! {2})/g, '\n  ').split('\n'))
    .flatMap(line => wrapped(line, width))
    .map(line => `${line}\n`)
    .join('');
}

interface Terminal {
  isTTY?: boolean;
  columns?: number;
}

const RAW = new WeakMap<object, object>();

export function guardStandardStreams(): void {
  for (const stream of [process.stdout, process.stderr]) guard(stream);
}

/**
 * The stream behind the guard, for what draws with escape sequences of its own and for text that is written to files
 * in the same form. The caller makes what it writes harmless itself. Any other stream is returned as it is.
 */
export function unguarded<T extends object>(stream: T): T {
  return (RAW.get(stream) as T | undefined) ?? stream;
}

function guard(stream: NodeJS.WriteStream): void {
  if (RAW.has(stream)) return;
  const write = stream.write.bind(stream) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  const raw = new Proxy(stream, {
    get(target, key) {
      if (key === 'write') return write;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  RAW.set(stream, raw);
  const decoder = new StringDecoder('utf8');
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
    return write(visibleLines(text), ...rest);
  };
}
