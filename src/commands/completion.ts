import { Args } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { UsageError } from '../cli/usage-error.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export default class Completion extends BaseCommand<typeof Completion> {
  static override summary = 'Print a script that completes commands, flags and values in your shell.';
  static override description =
    'For bash, add the line "source <(migrator completion bash)" to ~/.bashrc; for zsh, "source <(migrator completion zsh)" to ~/.zshrc, after compinit. For fish, write the script to ~/.config/fish/completions/migrator.fish. It completes the full name of the command too. Make it anew after an update.';
  static override examples = [
    '<%= config.bin %> completion bash > migrator.bash',
    '<%= config.bin %> completion zsh > _migrator',
    '<%= config.bin %> completion fish > migrator.fish',
  ];
  static override args = {
    shell: Args.string({ description: 'the shell; required', options: [...SHELLS] }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    if (!args.shell) throw noShell(this.config.bin);
    const [{ sectionsOf }, { bashCompletion }, { zshCompletion }, { fishCompletion }] = await Promise.all([
      import('../cli/help/reference.ts'),
      import('../cli/completion/bash.ts'),
      import('../cli/completion/zsh.ts'),
      import('../cli/completion/fish.ts'),
    ]);
    const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
    const shell = args.shell as (typeof SHELLS)[number];
    const { bin, name } = this.config;
    const script = scripts[shell]({ programs: [bin, name], sections: sectionsOf(this.config) });
    if (this.json) this.printJson({ shell, script });
    else process.stdout.write(script);
  }
}

function noShell(bin: string): UsageError {
  return new UsageError(
    `"${bin} completion" needs the name of your shell: ${SHELLS.join(', ')}.`,
    `This line in the shell's start-up file completes commands, flags and values:
  bash, in ~/.bashrc                   source <(${bin} completion bash)
  zsh, in ~/.zshrc after compinit      source <(${bin} completion zsh)
  fish, in ~/.config/fish/config.fish  ${bin} completion fish | source`,
  );
}
