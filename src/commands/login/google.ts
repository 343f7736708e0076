import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { browserAt } from '../../cli/ui/browser.ts';
import type { Browser } from '../../services/drive/sign-in/browser-sign-in.ts';

export default class LoginGoogle extends BaseCommand<typeof LoginGoogle> {
  static override summary = 'Sign in to Google in the browser, with read access to Drive.';
  static override description =
    'Stores a refresh token at google_drive.token_path (mode 0600). Service-account keys need no sign-in: with one, the command only tests it.';
  static override examples = [
    '<%= config.bin %> login google',
    '<%= config.bin %> login google --no-browser',
  ];
  static override flags = {
    browser: Flags.boolean({
      description:
        'open the browser; --no-browser prints an address to open on any computer, and asks for the address where that browser ended; default: yes',
      default: true,
      allowNo: true,
    }),
  };

  async run(): Promise<void> {
    const { google_drive } = await this.configuration();
    const { credentials_path: credentialsPath, token_path: tokenPath, api_url: apiUrl } = google_drive;
    const { readDesktopClient } = await import('../../services/drive/sign-in/credentials.ts');
    const client = await readDesktopClient(credentialsPath);
    if (client) {
      const { signInByBrowser } = await import('../../services/drive/sign-in/browser-sign-in.ts');
      const browser: Browser = browserAt({ opens: this.flags.browser, say: this.say });
      await signInByBrowser({ client, tokenPath, browser });
    }
    const [{ googleSignIn }, { accountOf }] = await Promise.all([
      import('../../services/drive/sign-in/sign-in.ts'),
      import('../../services/drive/http.ts'),
    ]);
    const account = await accountOf(await googleSignIn(google_drive), apiUrl);
    const keptIn = client ? tokenPath : credentialsPath;
    if (this.json) this.printJson({ account, path: keptIn });
    else this.say(`Signed in to Google as ${account}: ${keptIn}`);
  }
}
