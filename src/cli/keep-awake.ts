/**
 * Keeps the computer from falling asleep while a command works. Each system has a tool for it; it runs as a child that
 * ends with this process, however that ends: it watches our process id, or reads a pipe that only we hold open.
 * Where the tool is missing or refuses, nothing is said: the command works all the same.
 */
import { type SpawnOptions, spawn } from 'node:child_process';

const WHY = 'Files are being migrated';

/** ES_CONTINUOUS | ES_SYSTEM_REQUIRED; it holds as long as the thread that said so, here until standard input ends. */
const WINDOWS_SCRIPT = [
  `$awake = Add-Type -PassThru -Name Awake -Namespace Migrator -MemberDefinition '[DllImport("kernel32.dll")] public static extern uint SetThreadExecutionState(uint state);'`,
  '[void]$awake::SetThreadExecutionState([uint32]2147483649)',
  '[void][Console]::In.ReadToEnd()',
].join('; ');

/** What keeps this kind of computer awake; null if nothing is known to. The tool ends when its standard input does. */
export function toolFor(platform: NodeJS.Platform, pid: number): { command: string; args: string[] } | null {
  switch (platform) {
    case 'darwin':
      return { command: 'caffeinate', args: ['-i', '-w', String(pid)] };
    case 'linux':
      return {
        command: 'systemd-inhibit',
        args: [
          '--what=idle:sleep',
          '--who=amplify-media-migrator',
          `--why=${WHY}`,
          '--mode=block',
          // Ends at the end of its standard input, which is a pipe that we hold.
          'cat',
        ],
      };
    case 'win32':
      return {
        command: 'powershell.exe',
        args: ['-NoProfile', '-NonInteractive', '-Command', WINDOWS_SCRIPT],
      };
    default:
      return null;
  }
}

/** Begins to keep the computer awake; gives what ends it. Never throws, and never keeps this process from ending. */
export function keepAwake({
  platform = process.platform,
  env = process.env,
}: {
  platform?: NodeJS.Platform;
  env?: NodeJS.ProcessEnv;
} = {}): () => void {
  const tool = toolFor(platform, process.pid);
  if (!tool) return () => {};
  const options: SpawnOptions = {
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
    // Ctrl-C at the terminal is for the command alone, which has files to finish; it is still awake for that.
    detached: platform !== 'win32',
  };
  const child = spawn(tool.command, tool.args, options);
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  child.unref();
  (child.stdin as { unref?: () => void } | null)?.unref?.();
  return () => {
    child.stdin?.destroy();
    child.kill();
  };
}
