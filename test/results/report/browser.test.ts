import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { FileRecord } from '../../../stages/record.ts';
import { type Scratch, scratchFolder } from '../../config/scratch.ts';
import { fileRecord } from '../../stages/flow.ts';
import { chromiumPath } from './chromium.ts';
import { pageWith } from './sample-report.ts';

const HARMFUL = '</script><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>.jpg';
const NAMES = ['10.jpg', '9.jpg', 'צילום חורף.jpg', HARMFUL, '\u200f6610.jpg'];
const SHOWN = NAMES.with(4, '\\u200f6610.jpg');

const problem = (name: string, index: number): FileRecord => {
  const record = fileRecord({
    id: `id-${index}`,
    name,
    path: index === 2 ? 'חורף/1-500' : '1-500',
    size: 1000 * (index + 1),
  });
  const code = index === 0 ? 'no_observation' : 'name_unreadable';
  const error = {
    stage: 'parse' as const,
    code,
    message: `${name} (id-${index}): because of ${index}.`,
    retryable: false,
  };
  return { ...record, status: index === 0 ? 'orphan' : 'needs_review', error };
};
const SMALL: FileRecord[] = [
  ...NAMES.map(problem),
  fileRecord({
    id: 'id-ok',
    name: '6602.jpg',
    path: '',
    url: 'https://b.s3.us-east-1.amazonaws.com/media/a/6602.jpg',
    storedAt: '2026-03-02T08:00:30.000Z',
    status: 'completed',
  }),
  fileRecord({
    id: 'id-js',
    name: '6603.jpg',
    path: '',
    url: 'javascript:window.hacked=1',
    status: 'completed',
  }),
];

/** In folders of 500; every 13th needs attention, the others are completed. */
function* manyFiles(count: number): Generator<FileRecord> {
  const start = Date.parse('2026-03-02T08:12:00Z');
  for (let index = 0; index < count; index += 1) {
    const from = Math.floor(index / 500) * 500 + 1;
    const record = fileRecord({
      id: `id-${index}`,
      name: `${index + 1}.jpg`,
      path: `${from}-${from + 499}${index % 97 === 0 ? '/סרטים ישנים' : ''}`,
      size: 1000 * (index % 9000),
    });
    if (index % 13 === 0) {
      const message = `${record.name} (${record.id}): it cannot be read.`;
      const error = { stage: 'parse' as const, code: 'name_unreadable', message, retryable: false };
      yield { ...record, status: 'needs_review', error };
    } else {
      const observation = { sequentialId: index + 1, id: `observation-${index}` };
      yield {
        ...record,
        url: `https://b.s3.us-east-1.amazonaws.com/media/${record.name}`,
        storedAt: new Date(start + index * 900).toISOString(),
        observations: [observation],
        media: [{ id: `media-${index}`, observationId: observation.id }],
        status: 'completed',
      };
    }
  }
}

describe('A report in a browser', () => {
  let browser: Browser;
  let scratch: Scratch;
  const trouble: string[] = [];

  before(async function () {
    const executablePath = chromiumPath();
    if (!executablePath) return this.skip();
    scratch = await scratchFolder();
    // Chromium's own sandbox does not work for root, and in many containers.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    put('small', SMALL);
    put('empty', []);
    put('large', manyFiles(20_000));
  });
  after(async () => {
    await browser?.close();
    await scratch?.remove();
  });
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
    expect(trouble.splice(0), 'errors, policy violations and requests').to.deep.equal([]);
  });

  const place = (name: string) => join(scratch.folder, `${name}.html`);
  function put(name: string, records: Iterable<FileRecord>): void {
    const ranges: [number, number][] = [[1, 21_000]];
    writeFileSync(
      place(name),
      pageWith(records, { observationIds: { readAt: '2026-03-02T08:00:00.000Z', ranges } }),
    );
  }
  async function open(name: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    page.on('console', message => trouble.push(message.text()));
    page.on('pageerror', error => trouble.push(error.message));
    page.on('request', request => {
      if (!request.url().startsWith('file:')) trouble.push(request.url());
    });
    await page.goto(pathToFileURL(place(name)).href);
    return page;
  }
  const rows = (page: Page) => page.locator('#file-table tbody tr:not(.spacer)');
  const names = (page: Page) => page.locator('#file-table td:nth-child(2) bdi').allTextContents();

  it('shows the files that need attention, and harmful names as mere text', async () => {
    const page = await open('small');
    expect(await names(page)).to.deep.equal(SHOWN);
    expect(await page.locator('#found').textContent()).to.match(/^5 of 7 files/);
    expect(await page.evaluate('window.hacked')).to.equal(undefined);
    expect(await page.locator('img').count()).to.equal(0);
    expect(await rows(page).nth(4).textContent()).to.include('hidden: U+200F');
    expect(await rows(page).nth(0).textContent())
      .to.include('No observation has this id')
      .and.to.include('Because of 0.');
  });

  it('finds by search, and filters by status, reason and folder', async () => {
    const page = await open('small');
    await page.getByRole('searchbox', { name: 'Search' }).fill('חורף');
    await page.locator('#found', { hasText: /^1 of 7/ }).waitFor();
    expect(await names(page)).to.deep.equal([NAMES[2]]);
    await page.getByRole('searchbox', { name: 'Search' }).fill('nowhere');
    await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
    expect(await page.locator('#found').textContent()).to.equal('None of 7 files matches.');
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await names(page)).to.deep.equal(SHOWN);
    await page.getByLabel('Status').selectOption('completed');
    expect(await names(page)).to.deep.equal(['6602.jpg', '6603.jpg']);
    await page.getByLabel('Status').selectOption('all');
    expect(await names(page)).to.have.length(7);

    await page.locator('#todo tr', { hasText: 'no_observation' }).getByRole('button').click();
    expect(await names(page)).to.deep.equal(['10.jpg']);
    expect(await page.evaluate('document.activeElement.id')).to.equal('files-heading');
    await page
      .getByRole('table', { name: 'Folders' })
      .getByRole('button', { name: 'the folder itself' })
      .click();
    expect(await names(page)).to.deep.equal(['6602.jpg', '6603.jpg']);
    await page.getByRole('button', { name: 'Search in all folders' }).click();
    expect(await names(page)).to.have.length(7);
  });

  it('says of a run without files that there is nothing, and shows no empty table', async () => {
    const page = await open('empty');
    expect(await page.locator('table:visible').count()).to.equal(0);
    expect(await page.locator('#found').textContent()).to.equal('There are no files.');
    expect(await page.locator('#folders').innerText()).to.include('There are no folders.');
  });

  it('sorts by a column, by mouse and by keyboard, and says so', async () => {
    const page = await open('small');
    const table = page.getByRole('table', { name: 'Files' });
    const head = table.getByRole('columnheader', { name: 'Size', exact: true });
    expect(await head.getAttribute('aria-sort')).to.equal('none');
    await table.getByRole('button', { name: 'Name', exact: true }).click();
    expect((await names(page)).filter(text => /^\d/.test(text))).to.deep.equal(['9.jpg', '10.jpg']);
    await table.getByRole('button', { name: 'Size', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect(await names(page)).to.deep.equal(SHOWN.toReversed());
    expect(await head.getAttribute('aria-sort')).to.equal('descending');
    expect(await page.locator('#file-table th[aria-sort=none]').count()).to.equal(4);
  });

  it('leads to Drive and to the object, by https and nothing else', async () => {
    const page = await open('small');
    await page.getByLabel('Status').selectOption('completed');
    const links = async (row: number) =>
      rows(page)
        .nth(row)
        .getByRole('link')
        .evaluateAll(all => all.map(link => link.getAttribute('href')));
    expect(await links(0)).to.deep.equal([
      'https://drive.google.com/open?id=id-ok',
      'https://us-east-1.console.aws.amazon.com/s3/object/b?region=us-east-1&prefix=media%2Fa%2F6602.jpg',
    ]);
    expect(await links(1)).to.deep.equal(['https://drive.google.com/open?id=id-js']);
  });

  it('writes a name from right to left without turning what is around it', async () => {
    const page = await open('small');
    const direction = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate(element => [element.getAttribute('dir'), element.matches(':dir(rtl)')]);
    expect(await direction('#file-table tr:nth-child(3) td:nth-child(2) bdi')).to.deep.equal(['auto', true]);
    expect(await direction('#file-table tr:nth-child(1) td:nth-child(2) bdi')).to.deep.equal(['auto', false]);
    const path = page.locator('#file-table tr:nth-child(3) td:nth-child(3) bdi');
    const [first, second] = [await path.nth(0).boundingBox(), await path.nth(1).boundingBox()];
    expect(first!.x).to.be.below(second!.x);
  });

  it('is light or dark as the reader’s system is, and fits a small window', async () => {
    const ground = async (colorScheme: 'light' | 'dark') => {
      const page = await open('small', { colorScheme, viewport: { width: 400, height: 800 } });
      expect(await page.evaluate('document.documentElement.scrollWidth')).to.equal(400);
      const table = page.locator('.sessions');
      expect(await table.evaluate(element => element.scrollWidth <= element.clientWidth)).to.equal(true);
      expect((await table.boundingBox())!.width).to.be.below(400);
      const color = (await page.evaluate('getComputedStyle(document.body).backgroundColor')) as string;
      return Number(/\d+/.exec(color)![0]);
    };
    expect(await ground('light')).to.be.above(200);
    expect(await ground('dark')).to.be.below(60);
  });

  it('holds few rows of 20,000 at a time, wherever one scrolls, and all that are printed', async () => {
    const page = await open('large');
    await page.getByLabel('Status').selectOption('all');
    expect(await page.locator('#found').textContent()).to.match(/^20,000 of 20,000 files/);
    expect(await rows(page).count()).to.be.within(10, 200);
    const scroller = page.locator('#file-table .scroller');
    const height = (await scroller.evaluate(element => element.scrollHeight)) as number;
    expect(height).to.be.above(20_000 * 30);
    await scroller.focus();
    await page.keyboard.press('End');
    await page.locator('#file-table tr[aria-rowindex="20001"]').waitFor();
    expect(await rows(page).count()).to.be.within(10, 200);
    expect(await page.locator('*').count()).to.be.below(8000);
    await page.getByRole('searchbox', { name: 'Search' }).fill('20000');
    await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
    await rows(page)
      .filter({ hasText: /20000\.|19501-20000/ })
      .first()
      .waitFor();
    expect(await scroller.evaluate(element => element.scrollTop)).to.equal(0);

    await page.getByRole('button', { name: 'Clear' }).click();
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await rows(page).count()).to.equal(1000);
    expect(await page.locator('#file-table .cut').textContent()).to.match(/^The first 1,000 of 1,\d+ rows/);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await rows(page).count()).to.be.below(200);
  });
});
