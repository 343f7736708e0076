/** Mocha calls this once, after all tests: what was left out is said where it is read. */
import { spawnSync } from 'node:child_process';
import { chromiumPath } from './chromium.ts';

export function mochaGlobalTeardown(): void {
  if (spawnSync('redis-server', ['--version']).status !== 0)
    console.log(
      'LEFT OUT: the test of the shared query rate (test/services/drive/shared-rate.test.ts), because no redis-server was found.\n',
    );
  if (chromiumPath()) return;
  console.log(
    'LEFT OUT: the browser test of the report (test/results/report/browser.test.ts), because no Chromium was found. Install chromium, or name one in CHROMIUM_PATH.\n',
  );
}
