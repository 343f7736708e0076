/** The sections of the report's page that need no script. */
import type { Status } from '../../../stages/record.ts';
import type { UnreadableRecords } from '../../run/manifest/unreadable-records.ts';
import { UNFINISHED } from '../../run/progress/counts.ts';
import { STATUS_TEXTS, STATUSES_SHOWN } from '../../run/progress/statuses.ts';
import { formatBytes, formatCount, formatDuration } from '../../run/text/format.ts';
import { progressChart, shareBar, throughputChart, type Zone } from './charts.ts';
import { KIND_TITLES } from './coverage.ts';
import { html, type Markup } from './markup.ts';
import { DONE, KINDS, type Report, sumOf } from './report.ts';
import { rateOf, type Timeline } from './timeline.ts';

export function overview(report: Report): Markup {
  const { counts, done, attention } = report;
  const present = STATUSES_SHOWN.filter(status => counts.files(status) > 0);
  const ways = counts.total - done.files - attention.files;
  return html`<section id="overview" aria-labelledby="overview-heading">
<h2 id="overview-heading">Overview</h2>
${!report.run.isListed && html`<p class="note">The folder has not been listed completely: there are more files than this.</p>`}
<dl class="figures">
<div><dt>Files</dt><dd>${count(counts.total)}</dd><dd class="sub">${formatBytes(counts.bytes)}</dd></div>
<div><dt>Done</dt><dd>${share(done.files, counts.total)}</dd><dd class="sub">${formatCount(done.files, 'file')}, ${formatBytes(done.bytes)}</dd></div>
<div><dt>Need attention</dt><dd>${count(attention.files)}</dd><dd class="sub">${formatBytes(attention.bytes)}</dd></div>
<div><dt>Not done yet</dt><dd>${count(ways)}</dd><dd class="sub">${formatBytes(counts.bytes - done.bytes - attention.bytes)}</dd></div>
</dl>
${shares(report)}
${present.length === 0 ? html`<p class="note">There is no file in this run.</p>` : html`${kindTable(report)}${statusTable(report, present)}`}
</section>`;
}

function share(part: number, whole: number): string {
  return whole > 0 ? `${percentOf(part, whole)}%` : '–';
}

function shares({ counts }: Report): Markup {
  const bar = (label: string, value: (status: Status) => number, text: (value: number) => string) =>
    shareBar(
      label,
      STATUSES_SHOWN.map(status => ({
        name: status,
        value: value(status),
        text: `${STATUS_TEXTS[status].title}: ${text(value(status))}`,
      })).filter(({ value }) => value > 0),
    );
  return html`<div class="shares">
<span>Files</span>${bar('Files', status => counts.files(status), count)}
<span>Bytes</span>${bar('Bytes', status => counts.bytesOf(status), formatBytes)}
</div>`;
}

function kindTable({ kinds }: Report): Markup {
  const rows = KINDS.map((kind, index) => ({ kind, index, counts: kinds[kind] }))
    .filter(({ counts }) => counts.total > 0)
    .map(({ kind, index, counts }) => {
      const [done, attention] = [sumOf(counts, DONE), sumOf(counts, UNFINISHED)];
      return html`
<tr><th scope="row"><button type="button" class="plain" data-show="${JSON.stringify({ kind: index })}" title="Show these files">${KIND_TITLES[kind]}</button></th><td class="number" data-name="Files">${count(counts.total)}</td><td class="number" data-name="Size">${formatBytes(counts.bytes)}</td><td class="number" data-name="Done">${share(done.files, counts.total)}</td><td class="number" data-name="Size done">${formatBytes(done.bytes)}</td><td class="number" data-name="Need attention">${count(attention.files)}</td></tr>`;
    });
  return html`<table class="kinds">
<thead><tr><th scope="col">Kind</th><th scope="col" class="number">Files</th><th scope="col" class="number">Size</th><th scope="col" class="number">Done</th><th scope="col" class="number">Size done</th><th scope="col" class="number">Need attention</th></tr></thead>
<tbody>${rows}
</tbody>
</table>
`;
}

function statusTable({ counts }: Report, present: readonly Status[]): Markup {
  return html`<table class="statuses">
<thead><tr><th scope="col">Status</th><th scope="col" class="number">Files</th><th scope="col" class="number">Share</th><th scope="col" class="number">Size</th><th scope="col">What it means, and what to do</th></tr></thead>
<tbody>${present.map(
    status => html`
<tr><th scope="row"><button type="button" class="badge badge-${status}" data-show="${JSON.stringify({ status })}" title="Show these files">${STATUS_TEXTS[status].title}</button></th><td class="number">${count(counts.files(status))}</td><td class="number">${share(counts.files(status), counts.total)}</td><td class="number">${formatBytes(counts.bytesOf(status))}</td><td>${sentences(status)}</td></tr>`,
  )}
</tbody>
</table>`;
}

export function overTime(report: Report, zone: Zone): Markup {
  const timeline = report.timeline();
  return html`<section id="time" aria-labelledby="time-heading">
<h2 id="time-heading">Over time</h2>
${
  timeline
    ? html`<p class="note">Files are counted when their upload to S3 is complete. A dashed line marks a pause.</p>
<div class="charts">
${progressChart(timeline, { files: report.counts.total, bytes: report.counts.bytes }, zone)}
${throughputChart(timeline, zone)}
</div>
${sessions(timeline, zone)}`
    : html`<p class="note">No file has been uploaded to S3 yet.</p>`
}
</section>`;
}

function sessions({ sessions }: Timeline, zone: Zone): Markup {
  const rows = sessions.map(session => {
    const seconds = (session.endMs - session.startMs) / 1000;
    const rate = rateOf(session);
    return html`
<tr><td>${zone.full(session.startMs)}</td><td class="number" data-name="Duration">${formatDuration(seconds)}</td><td class="number" data-name="Files">${count(session.files)}</td><td class="number" data-name="Size">${formatBytes(session.bytes)}</td><td class="number" data-name="Files per minute">${seconds > 0 ? count(Math.round((session.files * 60) / seconds)) : '–'}</td><td class="number" data-name="Speed">${rate === null ? '–' : `${formatBytes(rate)}/s`}</td></tr>`;
  });
  return html`<table class="sessions">
<caption>Sessions</caption>
<thead><tr><th scope="col">From</th><th scope="col" class="number">Duration</th><th scope="col" class="number">Files</th><th scope="col" class="number">Size</th><th scope="col" class="number">Files per minute</th><th scope="col" class="number">Speed</th></tr></thead>
<tbody>${rows}
</tbody>
</table>`;
}

export function whatToDo(report: Report): Markup {
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
<tr><td class="number">${count(files)}</td><th scope="row"><span class="badge badge-${status}">${STATUS_TEXTS[status].title}</span> ${advice.title} <code>${code}</code></th><td>${advice.text}</td><td><button type="button" data-show="${JSON.stringify({ reason: index })}">Show<span class="unseen-label"> files: ${advice.title}</span></button></td></tr>`,
      )}
</tbody>
</table>`
}
${Object.entries(report.run.unreadableRecords ?? {}).map(([query, found]) => unreadable(query, found))}
</section>`;
}

function unreadable(query: string, { count: all, records }: UnreadableRecords[string]): Markup {
  return html`<h3>${formatCount(all, 'record')} that AppSync cannot give (<code>${query}</code>)</h3>
<p class="note">As of the last run, which left them out. Correct them in the app, then run “migrator resume --retry-orphans”.${
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

export function filesSection(report: Report): Markup {
  const { counts, attention } = report;
  const option = (value: string | number, text: string, isChosen = false) =>
    html`<option value="${value}"${isChosen && html` selected`}>${text}</option>`;
  const statuses = STATUSES_SHOWN.filter(status => counts.files(status) > 0).map(status =>
    option(status, `${STATUS_TEXTS[status].title} (${count(counts.files(status))})`),
  );
  const reasons = report.reasons.map(({ status, advice, files }, index) =>
    option(index, `${STATUS_TEXTS[status].title}: ${advice.title} (${count(files)})`),
  );
  const kinds = KINDS.map((kind, index) => ({ kind, index, files: report.kinds[kind].total }))
    .filter(({ files }) => files > 0)
    .map(({ kind, index, files }) => option(index, `${KIND_TITLES[kind]} (${count(files)})`));
  return html`<section id="files" aria-labelledby="files-heading">
<h2 id="files-heading" tabindex="-1">Files</h2>
<form id="filters" role="search" aria-label="Files" autocomplete="off">
<label class="wide">Search <input type="search" id="search" placeholder="name, folder, id or message" dir="auto" spellcheck="false"></label>
<label>Status <select id="status">${option('attention', `Need attention (${count(attention.files)})`, attention.files > 0)}${option('all', `All files (${count(counts.total)})`, attention.files === 0)}${statuses}</select></label>
<label>Kind <select id="kind">${option(-1, 'Any kind')}${kinds}</select></label>
<label>Why <select id="reason">${option(-1, 'Any reason')}${reasons}</select></label>
<button type="button" id="clear">Clear</button>
</form>
<p class="found"><span id="found" role="status"></span> <span id="folder-chip" class="chip" hidden>in <span id="folder-name"></span> <button type="button" id="folder-clear" aria-label="Search in all folders">×</button></span> <button type="button" id="csv">Download as CSV</button></p>
<noscript><p class="note">The tables need JavaScript.</p></noscript>
<div id="file-table"></div>
<p class="note">“Drive” opens the file for accounts that the folder is shared with. “S3” opens the object in the AWS console and asks you to sign in; the files in S3 are not public.</p>
</section>`;
}

/** What a status means and what to do, as in the summary of a run. */
function sentences(status: Status): string {
  const { meaning, next } = STATUS_TEXTS[status];
  return [meaning, next || (status === 'pending' ? '' : 'nothing to do')]
    .filter(Boolean)
    .map(text => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`)
    .join(' ');
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
