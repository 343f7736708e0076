import { RunError } from '../../../stages/errors.ts';
import type { Browser } from '../../services/drive/sign-in/browser-sign-in.ts';
import { promptsOn } from './prompts.ts';

/**
 * The user's browser. With `opens` it is opened on this machine; otherwise the address is printed, and the final address of
 * the browser can be pasted on the terminal or sent as a line of standard input. Without a terminal, a browser that cannot be
 * opened is an error (RunError).
 */
export function browserAt(options: {
  opens: boolean;
  say: (...lines: string[]) => void;
  input?: NodeJS.ReadStream;
  output?: NodeJS.WriteStream;
  /** Opens an address; replaced in tests. */
  openUrl?: (url: string) => Promise<void>;
}): Browser {
  const { opens, say, input = process.stdin, output = process.stderr, openUrl = openInBrowser } = options;
  if (!opens) {
    const open = async (url: string) =>
      say(
        'Open this address in a browser:',
        ...['', url, ''],
        "After signing in, the browser goes to an address that begins with http://127.0.0.1. On another machine it cannot show it: copy that address from the browser's address bar.",
      );
    return { open, paste: input.isTTY ? atTerminal(input, output) : fromLines(input, say) };
  }
  const open = async (url: string) => {
    say(
      'Sign in to Google in the browser. If none opens, open this address on this machine:',
      ...['', url, ''],
      'On another machine: migrator login google --no-browser',
    );
    await openUrl(url).catch(cause => {
      // On a terminal, the user can open the address by hand.
      if (!input.isTTY) throw unopened(cause);
    });
  };
  return { open, paste: null };
}

/** Resolves when the program that opens it ends, possibly with the browser. Throws if there is no browser. */
async function openInBrowser(url: string): Promise<void> {
  const { default: open } = await import('open');
  const child = await open(url);
  child.on('error', () => {});
  const code = child.exitCode ?? (await new Promise<number | null>(resolve => child.once('exit', resolve)));
  if (code) throw new Error(`the program that opens addresses ended with ${code}`);
}

function unopened(cause: Error): RunError {
  return new RunError(
    'google_no_browser',
    'No browser could be opened, and standard input is not a terminal.',
    'Run "migrator login google" at a terminal, or with --no-browser: it prints the address for a browser on any machine, and takes the one where that browser ended as a line of standard input.',
    { cause },
  );
}

function atTerminal(input: NodeJS.ReadStream, output: NodeJS.WriteStream): NonNullable<Browser['paste']> {
  return async (wrong, signal) => {
    const prompts = await promptsOn({ input, output });
    const message = `${wrong ? `${wrong}\n` : ''}The address where the browser ended:`;
    return prompts.input({ message }, { signal, clearPromptOnDone: true });
  };
}

/** A script can pipe the address in. After the end of the input, only a browser on this machine can still respond. */
function fromLines(input: NodeJS.ReadStream, say: (text: string) => void): NonNullable<Browser['paste']> {
  let lines: AsyncIterator<string> | null = null;
  return async (wrong, signal) => {
    const { createInterface } = await import('node:readline');
    if (wrong) say(wrong);
    lines ??= createInterface({ input, terminal: false })[Symbol.asyncIterator]();
    signal.addEventListener('abort', () => input.unref?.());
    for (let next = await lines.next(); !next.done; next = await lines.next())
      if (next.value.trim() !== '') return next.value;
    say('Standard input is closed: waiting a minute for a browser on this machine.');
    return null;
  };
}
