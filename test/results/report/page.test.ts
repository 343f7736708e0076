import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { filesIn, type PageData } from '../../../src/results/report/page-files.ts';
import type { FileRecord } from '../../../stages/record.ts';
import { fileRecord } from '../../stages/flow.ts';
import { pageWith } from './sample-report.ts';

const NASTY = `</script><script>window.hacked=1</script><!--"'&\u2028\u202e\ud800.jpg`;

const shownIn = (page: string) => page.replace(/<script[\s\S]*?<\/script>/g, '');

const partsOf = (page: string, element: string) =>
  [...page.matchAll(new RegExp(`<${element}[^>]*>([\\s\\S]*?)</${element}>`, 'g'))].map(match => match[1]!);

describe('The page of a report', () => {
  const record = fileRecord({ name: NASTY, path: NASTY, status: 'needs_review' });
  const nasty = pageWith([
    {
      ...record,
      error: { stage: 'parse', code: NASTY, message: `${NASTY} (file-1): ${NASTY}`, retryable: false },
    },
  ]);

  it('has two scripts, its data and its own, whatever names hold; the data is as it was', () => {
    const scripts = partsOf(nasty, 'script');
    expect(scripts).to.have.length(2);
    const [file] = filesIn(JSON.parse(scripts[0]!) as PageData);
    expect([file!.name, file!.path, file!.message]).to.deep.equal([NASTY, NASTY, NASTY]);
    expect(nasty).not.to.include('<script>window.hacked');
  });

  it('may run that script and use that style, and may reach nothing', () => {
    const [policy] = /(?<=Content-Security-Policy" content=")[^"]+/.exec(nasty)!;
    const hash = (text: string) => `&#39;sha256-${createHash('sha256').update(text).digest('base64')}&#39;`;
    expect(policy.split('; ')).to.include.members([
      'default-src &#39;none&#39;',
      `script-src ${hash(partsOf(nasty, 'script')[1]!)}`,
      `style-src ${hash(partsOf(nasty, 'style')[0]!)}`,
    ]);
    expect(policy).not.to.match(/unsafe|https?:|\*/);
    expect(nasty).not.to.match(
      /<(link|img|iframe|object|embed|base)\b|\bsrc=|\sstyle=|\son\w+=["']|url\(|@import/,
    );
  });

  it('names records that could not be read, as text', () => {
    const found = { count: 101, records: [{ name: NASTY, reason: NASTY }] };
    const page = pageWith([], { unreadableRecords: { listMedia: found } });
    expect(page).to.include('101 records').and.include('The first 1 are').and.not.include('<script>window');
  });

  it('spells out what would turn the writing direction outside its data, and no letter', () => {
    const code = 'x\u202egpj \u05d7';
    const error = { stage: 'parse' as const, code, message: 'x', retryable: false };
    const page = pageWith([fileRecord({ status: 'needs_review', error } as Partial<FileRecord>)]);
    expect(shownIn(page))
      .to.include('<code>x\\u202egpj \u05d7</code>')
      .and.not.to.match(/\p{Cf}/u);
  });

  it('is there as well for a run without files, and says when the listing is not complete', () => {
    const empty = pageWith([], { folderName: 'pictures', isListed: false });
    expect(empty).to.include('<title>Migration of pictures</title>');
    expect(empty).to.include('has not been listed completely').and.to.include('No file needs attention');
    expect(shownIn(empty)).not.to.match(/NaN|undefined|Infinity/);
    expect(empty).to.include('There is no file in this run.').and.not.to.include('<table');
    expect(pageWith([])).not.to.include('has not been listed completely');
  });

  it('does not say that all is done before it is', () => {
    const done = Array.from({ length: 2000 }, (_, id) => fileRecord({ id: String(id), status: 'completed' }));
    expect(pageWith(done)).to.include('<dd>100%</dd>');
    expect(pageWith([...done, fileRecord({ status: 'failed' })])).to.include('<dd>99%</dd>');
  });

  it('charts what arrived when, in numbers, with times of the zone', () => {
    const files = [0, 5, 10].map(minute =>
      fileRecord({
        id: String(minute),
        size: 1024 * 1024,
        url: 'https://b/x',
        storedAt: `2026-03-02T08:${String(minute).padStart(2, '0')}:00.000Z`,
        status: 'completed',
      }),
    );
    const page = pageWith([...files, fileRecord({ id: 'x', size: 1024 * 1024 })]);
    expect(page).to.include('files (75%)').and.to.include('10:00').and.to.include('Asia/Jerusalem');
    expect(page.match(/class="mark"/g)).to.have.length.above(2);
    expect(shownIn(page)).not.to.match(/NaN|undefined|Infinity/);
    expect(page).not.to.match(/<text [^>]*>\d\d:\d\d:\d\d</);
  });

  it('tells times of a short run apart, and keeps them from running into each other', () => {
    const files = [1, 21, 46, 59].map(second =>
      fileRecord({
        id: String(second),
        size: 1024,
        url: 'https://b/x',
        storedAt: `2026-03-02T08:00:${String(second).padStart(2, '0')}.000Z`,
        status: 'completed',
      }),
    );
    const page = pageWith(files);
    const ticks = [...page.matchAll(/<text x="([\d.]+)%"[^>]*>(10:00:\d\d)</g)];
    const [, ...places] = ticks.map(([, x]) => Number(x)).slice(0, ticks.length / 2);
    expect(places).to.not.be.empty;
    expect(new Set(ticks.map(([, , time]) => time))).to.have.property('size', ticks.length / 2);
    for (const [index, x] of places.entries()) expect(x - Number(ticks[index]![1])).to.be.at.least(20);
    expect(page).to.include('<title>Mar 2, 2026, 10:00:21: 1 file');
  });
});
