/** The real command on a terminal of its own, and what a person sees there. */
import { tmpdir } from 'node:os';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';
import { RUN } from '../project-root.ts';

export class TerminalRun {
  readonly #pty: IPty;
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  readonly #waiting = new Set<() => void>();
  #written = Promise.resolve();
  /** Everything that was ever written, escape sequences included. */
  output = '';
  /** Resolves with the exit code, when all that was written is on the screen. */
  readonly ended: Promise<number>;

  constructor(
    args: readonly string[],
    env: Record<string, string>,
    { columns, rows = 24 }: { columns: number; rows?: number },
  ) {
    this.#terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 5000 });
    this.#pty = spawn(process.execPath, [RUN, ...args], {
      // What the process gets as TERM.
      name: env.TERM ?? 'xterm-256color',
      cols: columns,
      rows,
      cwd: tmpdir(),
      env: { PATH: process.env.PATH!, ...env },
    });
    this.#pty.onData(text => {
      this.output += text;
      this.#written = new Promise(resolve => {
        this.#terminal.write(text, () => {
          resolve();
          for (const look of this.#waiting) look();
        });
      });
    });
    this.ended = new Promise(resolve => {
      this.#pty.onExit(({ exitCode }) => void this.#written.then(() => resolve(exitCode)));
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** All lines, scrolled-off ones included, as a person would read them: a wrapped one is several. */
  lines(): string[] {
    const { active } = this.#terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, row) =>
      active.getLine(row)!.translateToString(true),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** Resolves as soon as the screen fits. */
  async until(fits: (lines: string[]) => boolean): Promise<string[]> {
    if (fits(this.lines())) return this.lines();
    return new Promise((resolve, reject) => {
      const look = () => {
        const lines = this.lines();
        if (!fits(lines)) return;
        this.#waiting.delete(look);
        resolve(lines);
      };
      this.#waiting.add(look);
      void this.ended.then(code => {
        look();
        if (this.#waiting.has(look)) reject(new Error(`ended with ${code}:\n${this.lines().join('\n')}`));
      });
    });
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  /** What happens when a person pulls at the window. */
  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  kill(): void {
    try {
      process.kill(this.#pty.pid, 'SIGKILL');
    } catch {}
  }
}
