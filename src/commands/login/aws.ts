import { text } from 'node:stream/consumers';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { promptsOn } from '../../cli/ui/prompts.ts';
import { questionsFor, questionsFromLines } from '../../services/cognito/questions.ts';

/** Amplify's usual group of users with write access. */
const GROUP = 'ADMINS';

export default class LoginAws extends BaseCommand<typeof LoginAws> {
  static override summary = 'Sign in to the Cognito user pool, so that other commands need no password.';
  static override description =
    'Asks for the password, or reads it from AMPLIFY_MEDIA_MIGRATOR_PASSWORD or, with --password-stdin, from the first line of standard input; further lines answer what Cognito asks next (a code, a new password). Tokens are stored in cognito_token.json in the home folder (mode 0600) and refreshed until Cognito ends the session, usually after 30 days.';
  static override examples = [
    '<%= config.bin %> login aws',
    '<%= config.bin %> login aws --password-stdin < password-file',
  ];
  static override flags = {
    'password-stdin': Flags.boolean({
      description: 'read the password from the first line of standard input',
    }),
  };

  async run(): Promise<void> {
    const config = await this.configuration();
    const { username } = config.aws.cognito;
    const questions = this.flags['password-stdin']
      ? questionsFromLines(await text(process.stdin), username)
      : questionsFor({ env: this.env, username, openPrompts: promptsOn });
    const services = this.services(config, { questions });
    const session = await services.session();
    await session.signIn();
    const groups = await session.groups();
    if (!groups.includes(GROUP)) {
      this.warnLine(
        `${username} is not in the group ${GROUP} (${groups.join(', ') || 'in no group'}); uploads and media records are usually allowed to that group only. Add the user in the Cognito console (User pools, Groups), then run this command again.`,
      );
    }
    if (this.json) this.printJson({ username, groups });
    else
      this.say(`Signed in to Cognito as ${username}${groups.length > 0 ? `, in ${groups.join(', ')}` : ''}.`);
  }
}
