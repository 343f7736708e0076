/** Mocha calls this once, after all tests: what was left out is said where it is read. */
import { chromiumPath } from './chromium.ts';

export function mochaGlobalTeardown(): void {
  if (chromiumPath()) return;
  console.log(
    'LEFT OUT: the browser test of the report (test/results/report/browser.test.ts), because no Chromium was found. Install chromium, or name one in CHROMIUM_PATH.\n',
  );
}
