/**
 * Prevents the computer from going to sleep during a command. Each operating system has a tool for it. The tool runs as a child
 * process that ends with this one in any case: it watches our process id, or reads from a pipe that only we keep open.
 * If the tool is missing or fails, the command runs without it, and without a message.
 */
import { spawn } from 'node:child_process';

/** ES_CONTINUOUS | ES_SYSTEM_REQUIRED; in effect until the calling thread ends, here at the end of standard input. */
const WINDOWS_SCRIPT = [
  `$awake = Add-Type -PassThru -Name Awake -Namespace Migrator -MemberDefinition '[DllImport("kernel32.dll")] public static extern uint SetThreadExecutionState(uint state);'`,
  '[void]$awake::SetThreadExecutionState([uint32]2147483649)',
  '[void][Console]::In.ReadToEnd()',
].join('; ');

const LINUX_ARGS = [
  '--what=idle:sleep',
  '--who=amplify-media-migrator',
  '--why=Files are being migrated',
  '--mode=block',
  'cat',
];

/** The tool of this operating system; null if there is none. It ends at the end of its standard input. */
export function toolFor(platform: NodeJS.Platform, pid: number): { command: string; args: string[] } | null {
  if (platform === 'darwin') return { command: 'caffeinate', args: ['-i', '-w', String(pid)] };
  if (platform === 'linux') return { command: 'systemd-inhibit', args: LINUX_ARGS };
  if (platform !== 'win32') return null;
  return { command: 'powershell.exe', args: ['-NoProfile', '-NonInteractive', '-Command', WINDOWS_SCRIPT] };
}

/** Starts to keep the computer awake, and returns a function that stops it. Never throws, and does not keep this process running. */
export function keepAwake(): () => void {
  const tool = toolFor(process.platform, process.pid);
  if (!tool) return () => {};
  const child = spawn(tool.command, tool.args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
    // Ctrl-C on the terminal must not end the tool: the command still has transfers to finish.
    detached: process.platform !== 'win32',
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return () => {
    child.stdin.destroy();
    child.kill();
  };
}
