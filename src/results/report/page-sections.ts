/** The sections of the report's page that need no script. */
import type { Status } from '../../../stages/record.ts';
import { rangesOf, rangesText } from '../../run/manifest/observation-ids.ts';
import { UNFINISHED } from '../../run/progress/counts.ts';
import { STATUS_TEXTS, STATUSES_SHOWN } from '../../run/progress/statuses.ts';
import { formatBytes, formatCount, formatDuration } from '../../run/text/format.ts';
import { shareBar, timeCharts, type Zone } from './charts.ts';
import { COVERAGE_STATES, COVERAGE_TITLES, type CoverageGroup, KIND_TITLES, KINDS } from './coverage.ts';
import { html, type Markup, table } from './markup.ts';
import { attentionOf, doneOf, type Report } from './report.ts';
import { rateOf } from './timeline.ts';

function section(id: string, title: string, content: readonly (Markup | false)[]): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading" tabindex="-1">${title}</h2>
${content.filter(part => part !== false)}
</section>`;
}

export function note(text: string): Markup {
  return html`<p class="note">${text}</p>`;
}

export function overview(report: Report): Markup {
  const { counts, run } = report;
  const [done, attention] = [doneOf(counts), attentionOf(counts)];
  const left = counts.total - done.files - attention.files;
  const leftBytes = counts.bytes - done.bytes - attention.bytes;
  const doneFiles = `${formatCount(done.files, 'file')}, `;
  const figures = [
    ['Files', count(counts.total), '', counts.bytes],
    ['Done', share(done.files, counts.total), doneFiles, done.bytes],
    ['Need attention', count(attention.files), '', attention.bytes],
    ['Not done yet', count(left), '', leftBytes],
  ] as const;
  const bar = (label: string, value: (status: Status) => number, text: (value: number) => string) => {
    const shares = STATUSES_SHOWN.map(status => {
      const title = `${STATUS_TEXTS[status].title}: ${text(value(status))}`;
      return { name: status, value: value(status), text: title };
    });
    return html`<span>${label}</span>${shareBar(label, shares)}`;
  };
  return section('overview', 'Overview', [
    !run.isListed && note('The folder has not been listed completely: there are more files than this.'),
    html`<dl class="figures">${figures.map(
      ([name, value, files, bytes]) => html`
<div><dt>${name}</dt><dd>${value}</dd><dd class="sub">${files}${formatBytes(bytes)}</dd></div>`,
    )}
</dl>
<div class="shares">
${bar('Files', status => counts.files(status), count)}
${bar('Bytes', status => counts.bytesOf(status), formatBytes)}
</div>`,
    ...(counts.total === 0
      ? [note('There is no file in this run.')]
      : [kindTable(report), statusTable(report)]),
  ]);
}

function kindTable({ kinds }: Report): Markup {
  const rows = KINDS.filter(kind => kinds[kind].total > 0).map(kind => {
    const { total, bytes } = kinds[kind];
    const done = doneOf(kinds[kind]);
    const title = showButton('plain', { kind }, KIND_TITLES[kind]);
    const attention = count(attentionOf(kinds[kind]).files);
    const numbers = [count(total), formatBytes(bytes), share(done.files, total), formatBytes(done.bytes)];
    return [title, ...numbers, attention];
  });
  return table('kinds', ['#Kind', '+Files', '+Size', '+Done', '+Size done', '+Need attention'], rows);
}

function statusTable({ counts }: Report): Markup {
  const rows = STATUSES_SHOWN.filter(status => counts.files(status) > 0).map(status => [
    showButton(`badge badge-${status}`, { status }, STATUS_TEXTS[status].title),
    count(counts.files(status)),
    share(counts.files(status), counts.total),
    formatBytes(counts.bytesOf(status)),
    sentences(status),
  ]);
  return table('statuses', ['#Status', '+Files', '+Share', '+Size', 'What it means, and what to do'], rows);
}

/** Shows the files of this search in the list of files. */
function showButton(kind: string, search: Record<string, string>, text: string | Markup): Markup {
  return html`<button type="button" class="${kind}" data-show="${JSON.stringify(search)}" title="Show these files">${text}</button>`;
}

/** What a status means and what to do, as in the summary of a run. */
function sentences(status: Status): string {
  const { meaning, next } = STATUS_TEXTS[status];
  return [meaning, next || (status === 'pending' ? '' : 'nothing to do')]
    .filter(Boolean)
    .map(text => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`)
    .join(' ');
}

/** More ranges of a group are only counted; the report as JSON has all of them. */
const MAX_RANGES = 60;

export function observations({ coverage, run }: Report, zone: Zone): Markup {
  const groups = coverage.groups();
  if (groups.length === 0)
    return section('observations', 'Observations', [note('No file is assigned to an observation yet.')]);
  const { ids } = coverage.whole;
  const readAt = run.observationIds?.readAt;
  const known = COVERAGE_STATES.filter(state => state !== 'none' || readAt);
  const source = readAt
    ? `All observations in the app, as of ${zone.full(Date.parse(readAt))}.`
    : 'This run looked up only the ids in file names. “migrator observations-without-media” lists the observations without any file.';
  const states = ['With photos or videos', 'Not linked yet', 'Without any file', 'No such observation'];
  const rows = groups.map(({ first, last, ids: { photo, video, unlinked, none, absent } }) => [
    html`<span id="ids-${first}">${first}-${last}</span>`,
    idList([...photo, ...video].sort((a, b) => a - b)),
    idList(unlinked),
    readAt ? idList(none) : 'not known',
    idList(absent),
  ]);
  return section('observations', 'Observations', [
    note(
      `${source} Each bar shows a group of ids; the number above it is the first one. Select a bar for the ids.`,
    ),
    html`<dl class="figures coverage">${known.map(
      state => html`
<div><dt><i class="swatch swatch-${state}"></i>${COVERAGE_TITLES[state]}</dt><dd>${count(ids[state].length)}</dd></div>`,
    )}
</dl>
<div class="strip">${groups.map(groupBar)}</div>
<details id="ids"><summary>Ids by group, with and without files</summary>
${table('ids', ['#Ids', ...states], rows)}
</details>`,
  ]);
}

function groupBar({ first, last, ids }: CoverageGroup): Markup {
  const shares = COVERAGE_STATES.map(state => {
    const value = ids[state].length;
    return { name: state, value, text: `${COVERAGE_TITLES[state]}: ${value}` };
  });
  const present = shares.filter(({ value }) => value > 0).map(({ text }) => text);
  const name = `${first}-${last}`;
  return html`<a href="#ids-${first}" title="${[name, ...present].join(' · ')}"><span>${first}</span>${shareBar(name, shares)}</a>`;
}

function idList(ids: readonly number[]): string {
  const ranges = rangesOf(ids);
  const text = rangesText(ranges.slice(0, MAX_RANGES)) || '–';
  const left = ranges.length - MAX_RANGES;
  return left > 0 ? `${text} and ${formatCount(left, 'more range')}` : text;
}

export function overTime({ counts, timeline }: Report, zone: Zone): Markup {
  if (!timeline) return section('time', 'Over time', [note('No file has been uploaded to S3 yet.')]);
  const rows = timeline.sessions.map(session => {
    const { startMs, endMs, files, bytes } = session;
    const seconds = (endMs - startMs) / 1000;
    const rate = rateOf(session);
    const perMinute = seconds > 0 ? count(Math.round((files * 60) / seconds)) : '–';
    const speed = rate === null ? '–' : `${formatBytes(rate)}/s`;
    return [zone.full(startMs), formatDuration(seconds), count(files), formatBytes(bytes), perMinute, speed];
  });
  const columns = ['From', '+Duration', '+Files', '+Size', '+Files per minute', '+Speed'];
  return section('time', 'Over time', [
    note('Files are counted when their upload to S3 is complete. A dashed line marks a pause.'),
    timeCharts(timeline, { files: counts.total, bytes: counts.bytes }, zone),
    table('sessions', columns, rows, 'Sessions'),
  ]);
}

export function whatToDo({ reasons, run }: Report): Markup {
  const open = [...reasons]
    .filter(([, { status }]) => UNFINISHED.includes(status))
    .sort(([, a], [, b]) => b.files - a.files);
  const rows = open.map(([reason, { status, code, advice, files }]) => [
    count(files),
    html`<span class="badge badge-${status}">${STATUS_TEXTS[status].title}</span> ${advice.title} <code>${code}</code>`,
    advice.text,
    showButton('', { reason }, html`Show<span class="unseen-label"> files: ${advice.title}</span>`),
  ]);
  const unreadable = Object.entries(run.unreadableRecords).map(([query, { count: all, records }]) => {
    const left = all > records.length ? ` The first ${count(records.length)} are named here.` : '';
    const named = records.map(({ name, reason }) => [html`<code>${name}</code>`, reason]);
    return html`<h3>${formatCount(all, 'record')} that AppSync cannot give (<code>${query}</code>)</h3>
${note(`As of the last run, which left them out. Correct them in the app, then run “migrator resume --retry-orphans”.${left}`)}
${table('records', ['#Record', 'Reason'], named)}`;
  });
  return section('todo', 'What to do', [
    open.length === 0
      ? note('No file needs attention.')
      : table('reasons', ['+Files', '#Why', 'What to do', 'Show'], rows),
    ...unreadable,
  ]);
}

export function folderSection({ folders }: Report): Markup {
  return section('folders', 'By folder', [
    html`<noscript>${note('The tables need JavaScript.')}</noscript>`,
    folders.size === 0 && note('There are no folders.'),
    html`<div id="folder-table"></div>`,
  ]);
}

export function fileSection({ counts, kinds, reasons }: Report): Markup {
  const option = (value: string, text: string, files: number) =>
    files > 0 && html`<option value="${value}">${text} (${count(files)})</option>`;
  const attention = attentionOf(counts).files;
  const statuses = [
    html`<option value="attention"${attention > 0 && html` selected`}>Need attention (${count(attention)})</option>`,
    html`<option value="all"${attention === 0 && html` selected`}>All files (${count(counts.total)})</option>`,
    ...STATUSES_SHOWN.map(status => option(status, STATUS_TEXTS[status].title, counts.files(status))),
  ];
  const whys = [...reasons].map(([key, { status, advice, files }]) =>
    option(key, `${STATUS_TEXTS[status].title}: ${advice.title}`, files),
  );
  const kindOptions = KINDS.map(kind => option(kind, KIND_TITLES[kind], kinds[kind].total));
  return section('files', 'Files', [
    html`<form id="filters" role="search" aria-label="Files" autocomplete="off">
<label class="wide">Search <input type="search" id="search" placeholder="name, folder, id or message" dir="auto" spellcheck="false"></label>
<label>Status <select id="status">${statuses}</select></label>
<label>Kind <select id="kind"><option value="all">Any kind</option>${kindOptions}</select></label>
<label>Why <select id="reason"><option value="all">Any reason</option>${whys}</select></label>
<button type="button" id="clear">Clear</button>
</form>
<p class="found"><span id="found" role="status"></span> <span id="folder-chip" class="chip" hidden>in <span id="folder-name"></span> <button type="button" id="folder-clear" aria-label="Search in all folders">×</button></span> <button type="button" id="csv">Download as CSV</button></p>
<noscript>${note('The tables need JavaScript.')}</noscript>
<div id="file-table"></div>`,
    note(
      '“Drive” opens the file for accounts that the folder is shared with. “S3” opens the object in the AWS console and asks you to sign in; the files in S3 are not public.',
    ),
  ]);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A percentage: 100% only for all, and 0% only for nothing. */
function share(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  if (part > 0 && percent < 0.1) return '<0.1%';
  return `${percent < 10 ? Math.floor(percent * 10) / 10 : Math.floor(percent)}%`;
}
