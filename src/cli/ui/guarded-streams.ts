/**
 * Standard output and standard error with control characters made visible: names in Drive, responses of services and
 * configuration files may contain escape sequences for the terminal.
 */
import { StringDecoder } from 'node:string_decoder';
import { visibleLines } from '../../run/text/visible.ts';

/** Null without a terminal: most commands in scripts need no widths, and loading them would slow their start. */
const wrap =
  process.stdout.isTTY || process.stderr.isTTY ? (await import('../../run/text/wrap.ts')).wrapped : null;

/**
 * The lines with their line ends, wrapped between words where they are written to a terminal. A line end within one of them is
 * continued on the next line, indented, so that foreign text cannot look like a message of this program.
 */
export function asLines(lines: readonly string[], { isTTY, columns }: Terminal = {}): string {
  return lines
    .flatMap(line => line.replace(/\r?\n(?! {2})/g, '\n  ').split('\n'))
    .flatMap(line => (wrap && isTTY && columns ? wrap(line, columns) : line))
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
 * The stream without the guard, for code that writes escape sequences itself, and for text that files get unchanged. The caller
 * must escape foreign text. Any other stream is returned unchanged.
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
