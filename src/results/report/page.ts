/** The report as one HTML file that needs nothing else: no network, no server. */
import { createHash } from 'node:crypto';
import type { Status } from '../../../stages/record.ts';
import { UNFINISHED } from '../../run/progress/counts.ts';
import { formatBytes, formatCount, formatDuration } from '../../run/text/format.ts';
import { STATUS_ADVICE } from './advice.ts';
import { progressChart, shareBar, throughputChart, type Zone, zoneOf } from './charts.ts';
import { driveFolderLink } from './links.ts';
import { dataBlock, html, Markup } from './markup.ts';
import { type PageData, pageScript } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';
import { DONE, type Report, STATUS_ORDER } from './report.ts';
import { rateOf, type Timeline } from './timeline.ts';

export interface PageOptions {
  madeAt: Date;
  /** IANA name; the machine's own when absent. */
  timeZone?: string;
}

/** Rows are written so many at a time. */
const ROWS_A_PIECE = 500;

/** The page, piece by piece: a large run's is never in memory as a whole. */
export function* pageOf(report: Report, { madeAt, timeZone }: PageOptions): Generator<string> {
  const zone = zoneOf(timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const script = pageScript();
  yield head(report, script).text;
  yield body(report, madeAt, zone).text;
  yield '<script type="application/json" id="data">';
  yield* dataOf(report);
  yield html`</script>
<script>${verbatim(script)}</script>
</body>
</html>
`.text;
}

/** The page may run its own script and style, and reach nothing: whatever a name might smuggle in stays without effect. */
function policy(script: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(PAGE_STYLE)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Script and style as they are: no escaping is possible there, and none is needed. */
function verbatim(text: string): Markup {
  if (/<\/|<!--/.test(text)) throw new Error('script and style of the report must not hold an end tag');
  return new Markup(text);
}

function head({ folderId }: Report, script: string): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Migration of ${folderId}</title>
<style>${verbatim(PAGE_STYLE)}</style>
</head>
`;
}

function body(report: Report, madeAt: Date, zone: Zone): Markup {
  return html`<body>
<header class="top">
<h1>Media migration</h1>
<p>Drive folder <a href="${driveFolderLink(report.folderId)}" target="_blank" rel="noopener noreferrer">${report.folderId}</a><br>
Begun ${zone.full(Date.parse(report.startedAt))}. This report: ${zone.full(madeAt.getTime())} (${zone.name}).</p>
<nav aria-label="Parts of the report"><a href="#overview">Overview</a> <a href="#time">Over time</a> <a href="#todo">What to do</a> <a href="#folders">Folders</a> <a href="#files">Files</a></nav>
</header>
<main>
${overview(report)}
${overTime(report, zone)}
${whatToDo(report)}
<section id="folders" aria-labelledby="folders-heading">
<h2 id="folders-heading">By folder</h2>
<noscript><p class="note">The tables need JavaScript.</p></noscript>
${report.folders.length === 0 && html`<p class="note">There are no folders.</p>`}
<div id="folder-table"></div>
</section>
${files(report)}
</main>
`;
}

function overview(report: Report): Markup {
  const { counts, done, attention } = report;
  const present = STATUS_ORDER.filter(status => counts.files(status) > 0);
  const share = (part: number, whole: number) => (whole > 0 ? `${percentOf(part, whole)}%` : '–');
  const ways = counts.total - done.files - attention.files;
  const shares = (value: (status: Status) => number, text: (value: number) => string) =>
    present.map(status => ({
      status,
      value: value(status),
      text: `${STATUS_ADVICE[status].title}: ${text(value(status))}`,
    }));
  return html`<section id="overview" aria-labelledby="overview-heading">
<h2 id="overview-heading">Overview</h2>
${!report.isListed && html`<p class="note">The folder has not been listed to its end: there are more files than this.</p>`}
<dl class="figures">
<div><dt>Files</dt><dd>${count(counts.total)}</dd><dd class="sub">${formatBytes(counts.bytes)}</dd></div>
<div><dt>Done</dt><dd>${share(done.files, counts.total)}</dd><dd class="sub">${formatCount(done.files, 'file')}, ${formatBytes(done.bytes)}</dd></div>
<div><dt>Need attention</dt><dd>${count(attention.files)}</dd><dd class="sub">${formatBytes(attention.bytes)}</dd></div>
<div><dt>Still to come</dt><dd>${count(ways)}</dd><dd class="sub">${formatBytes(counts.bytes - done.bytes - attention.bytes)}</dd></div>
</dl>
<div class="shares">
<span>Files</span>${shareBar(
    'Files',
    shares(
      status => counts.files(status),
      files => count(files),
    ),
  )}
<span>Bytes</span>${shareBar(
    'Bytes',
    shares(status => counts.bytesOf(status), formatBytes),
  )}
</div>
${
  present.length === 0
    ? html`<p class="note">There is no file in this run.</p>`
    : html`<table class="statuses">
<thead><tr><th scope="col">Status</th><th scope="col" class="number">Files</th><th scope="col" class="number">Share</th><th scope="col" class="number">Size</th><th scope="col">What it means, and what to do</th></tr></thead>
<tbody>${present.map(
        status => html`
<tr><th scope="row"><button type="button" class="badge badge-${status}" data-status="${status}" title="Show these files">${STATUS_ADVICE[status].title}</button></th><td class="number">${count(counts.files(status))}</td><td class="number">${share(counts.files(status), counts.total)}</td><td class="number">${formatBytes(counts.bytesOf(status))}</td><td>${STATUS_ADVICE[status].text}</td></tr>`,
      )}
</tbody>
</table>`
}
</section>`;
}

function overTime(report: Report, zone: Zone): Markup {
  const timeline = report.timeline();
  return html`<section id="time" aria-labelledby="time-heading">
<h2 id="time-heading">Over time</h2>
${
  timeline
    ? html`<p class="note">Each file counts at the moment when it was complete in S3. Pauses are left out, and marked by a dashed line.</p>
<div class="charts">
${progressChart(timeline, { files: report.counts.total, bytes: report.counts.bytes }, zone)}
${throughputChart(timeline, zone)}
</div>
${sessions(timeline, zone)}`
    : html`<p class="note">The manifests do not say yet when a file arrived in S3.</p>`
}
</section>`;
}

function sessions({ sessions }: Timeline, zone: Zone): Markup {
  const rows = sessions.map(session => {
    const seconds = (session.endMs - session.startMs) / 1000;
    const rate = rateOf(session);
    return html`
<tr><td>${zone.full(session.startMs)}</td><td class="number" data-name="Lasted">${formatDuration(seconds)}</td><td class="number" data-name="Files">${count(session.files)}</td><td class="number" data-name="Size">${formatBytes(session.bytes)}</td><td class="number" data-name="Files, mean">${seconds > 0 ? `${count(Math.round((session.files * 60) / seconds))}/min` : '–'}</td><td class="number" data-name="Bytes, mean">${rate === null ? '–' : `${formatBytes(rate)}/s`}</td></tr>`;
  });
  return html`<table class="sessions">
<caption>Sessions of work</caption>
<thead><tr><th scope="col">From</th><th scope="col" class="number">Lasted</th><th scope="col" class="number">Files</th><th scope="col" class="number">Size</th><th scope="col" class="number">Files, mean</th><th scope="col" class="number">Bytes, mean</th></tr></thead>
<tbody>${rows}
</tbody>
</table>`;
}

function whatToDo(report: Report): Markup {
  const open = report.reasons
    .map((reason, index) => ({ ...reason, index }))
    .filter(({ status }) => UNFINISHED.includes(status))
    .sort((a, b) => b.files - a.files);
  return html`<section id="todo" aria-labelledby="todo-heading">
<h2 id="todo-heading">What to do</h2>
${
  open.length === 0
    ? html`<p class="note">No file needs attention.</p>`
    : html`<table class="reasons">
<thead><tr><th scope="col" class="number">Files</th><th scope="col">Why</th><th scope="col">What to do</th><th scope="col"><span class="unseen-label">Show</span></th></tr></thead>
<tbody>${open.map(
        ({ status, code, advice, files, index }) => html`
<tr><td class="number">${count(files)}</td><th scope="row"><span class="badge badge-${status}">${STATUS_ADVICE[status].title}</span> ${advice.title} <code>${code}</code></th><td>${advice.text}</td><td><button type="button" data-reason="${index}">Show<span class="unseen-label"> files: ${advice.title}</span></button></td></tr>`,
      )}
</tbody>
</table>`
}
${Object.entries(report.unreadable).map(([query, found]) => unreadable(query, found))}
</section>`;
}

function unreadable(query: string, { count: all, records }: Report['unreadable'][string]): Markup {
  return html`<h3>${formatCount(all, 'record')} that AppSync cannot give (<code>${query}</code>)</h3>
<p class="note">As they were when last read; they are left out. Correct them in the app, then run “migrator resume --retry-orphans”.${
    all > records.length && html` The first ${count(records.length)} are named here.`
  }</p>
<table>
<thead><tr><th scope="col">Record</th><th scope="col">Reason</th></tr></thead>
<tbody>${records.map(
    ({ name, reason }) => html`
<tr><th scope="row"><code>${name}</code></th><td>${reason}</td></tr>`,
  )}
</tbody>
</table>`;
}

function files(report: Report): Markup {
  const { counts, attention } = report;
  const option = (value: string | number, text: string, isChosen = false) =>
    html`<option value="${value}"${isChosen && html` selected`}>${text}</option>`;
  const statuses = STATUS_ORDER.filter(status => counts.files(status) > 0).map(status =>
    option(status, `${STATUS_ADVICE[status].title} (${count(counts.files(status))})`),
  );
  const reasons = report.reasons.map(({ status, advice, files }, index) =>
    option(index, `${STATUS_ADVICE[status].title}: ${advice.title} (${count(files)})`),
  );
  return html`<section id="files" aria-labelledby="files-heading">
<h2 id="files-heading" tabindex="-1">Files</h2>
<form id="filters" role="search" aria-label="Files" autocomplete="off">
<label class="wide">Search <input type="search" id="search" placeholder="name, folder, id or message" dir="auto" spellcheck="false"></label>
<label>Status <select id="status">${option('attention', `Need attention (${count(attention.files)})`, attention.files > 0)}${option('all', `All files (${count(counts.total)})`, attention.files === 0)}${statuses}</select></label>
<label>Why <select id="reason">${option(-1, 'Any reason')}${reasons}</select></label>
<button type="button" id="clear">Clear</button>
</form>
<p class="found"><span id="found" role="status"></span> <span id="folder-chip" class="chip" hidden>in <span id="folder-name"></span> <button type="button" id="folder-clear" aria-label="Search in all folders">×</button></span></p>
<noscript><p class="note">The tables need JavaScript.</p></noscript>
<div id="file-table"></div>
<p class="note">“Drive” opens the file there; “Object” opens where the bucket allows it.</p>
</section>`;
}

function* dataOf(report: Report): Generator<string> {
  const places = (statuses: readonly Status[]) => statuses.map(status => STATUS_ORDER.indexOf(status));
  const data: Omit<PageData, 'files'> = {
    statuses: STATUS_ORDER.map(status => [status, STATUS_ADVICE[status].title]),
    attention: places(UNFINISHED),
    done: places(DONE),
    reasons: report.reasons.map(({ advice }) => advice.title),
    messages: report.messages,
    folders: report.folders.map(({ path, files, bytes, attention, statuses }) => [
      path,
      files,
      bytes,
      attention,
      statuses,
    ]),
  };
  yield `${dataBlock(data).slice(0, -1)},"files":[`;
  for (let from = 0; from < report.files.length; from += ROWS_A_PIECE) {
    const rows = report.files.slice(from, from + ROWS_A_PIECE).map(row => `\n${dataBlock(row)}`);
    yield `${from > 0 ? ',' : ''}${rows.join(',')}`;
  }
  yield ']}';
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Not 100 before it is all, and not 0 when there is something. */
function percentOf(part: number, whole: number): string {
  const percent = (part / whole) * 100;
  if (part > 0 && percent < 0.1) return '<0.1';
  return String(percent < 10 ? Math.floor(percent * 10) / 10 : Math.floor(percent));
}
