import { Args, loadHelpClass } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';

export default class Help extends BaseCommand<typeof Help> {
  static override summary = 'Show all commands in the order of the work, or all about one.';
  static override examples = [
    '<%= config.bin %> help',
    '<%= config.bin %> help login google',
    '<%= config.bin %> help migrate --json',
  ];
  static override strict = false;
  static override args = {
    command: Args.string({ description: 'the command to tell about' }),
  };

  async run(): Promise<void> {
    const { argv } = await this.parse(Help);
    const words = argv as string[];
    if (!this.json) {
      const HelpClass = await loadHelpClass(this.config);
      await new HelpClass(this.config, this.config.pjson.oclif.helpOptions).showHelp(words);
      return;
    }
    const [{ sectionsOf }, { unknownCommand }] = await Promise.all([
      import('../cli/help/reference.ts'),
      import('../cli/help/unknown-command.ts'),
    ]);
    const name = words.join(' ');
    const sections = sectionsOf(this.config)
      .map(({ title, commands }) => ({
        title,
        commands: commands.filter(command => `${command.name} `.startsWith(name && `${name} `)),
      }))
      .filter(({ commands }) => commands.length > 0);
    if (sections.length === 0) throw unknownCommand(words, this.config);
    this.printJson({ sections });
  }
}
