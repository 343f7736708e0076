import { Args } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import type { Ended } from '../cli/sign-out.ts';

export default class Logout extends BaseCommand<typeof Logout> {
  static override summary = 'Sign out of Google and AWS: revoke the stored tokens and delete them.';
  static override description =
    'At Google this revokes the access of this OAuth client to the account, on other computers too. Service-account keys are kept.';
  static override examples = ['<%= config.bin %> logout', '<%= config.bin %> logout google'];
  static override args = {
    where: Args.string({
      description: 'sign out of this one only; default: both',
      options: ['google', 'aws'],
    }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Logout);
    const config = await this.configuration();
    const { signOutOfCognito, signOutOfGoogle } = await import('../cli/sign-out.ts');
    const ended: Ended[] = [];
    if (args.where !== 'aws') ended.push(...(await signOutOfGoogle(config, this.warnLine)));
    if (args.where !== 'google') {
      ended.push(...(await signOutOfCognito(this.home, this.warnLine)));
    }
    for (const { who, fault } of ended) if (fault) this.warnLine(`${who}: ${fault}`);
    if (this.json) {
      this.printJson({ ended: ended.map(({ who, fault }) => ({ who, revoked: !fault })) });
      return;
    }
    for (const { who } of ended) this.say(`Signed out: ${who}`);
    if (ended.length === 0) this.say('You were not signed in.');
  }
}
