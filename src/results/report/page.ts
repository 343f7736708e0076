/** The report as one self-contained HTML file: it needs no network and no server. */
import { createHash } from 'node:crypto';
import type { Status } from '../../../stages/record.ts';
import { UNFINISHED } from '../../run/progress/counts.ts';
import { STATUS_TEXTS, STATUSES_SHOWN } from '../../run/progress/statuses.ts';
import { type Zone, zoneOf } from './charts.ts';
import { driveFolderLink } from './links.ts';
import { dataBlock, html, Markup } from './markup.ts';
import { coverageSection } from './page-coverage.ts';
import { type PageData, pageScript } from './page-script.ts';
import { filesSection, overTime, overview, whatToDo } from './page-sections.ts';
import { PAGE_STYLE } from './page-style.ts';
import { DONE, KINDS, type Report } from './report.ts';

export interface PageOptions {
  madeAt: Date;
  /** IANA name; the machine's own when absent. */
  timeZone?: string;
  /** Version of the run, for a served page that reloads when the run has changed. */
  version?: string;
}

const ROWS_PER_BLOCK = 500;

/** The page in pieces, so that the page of a large run is never completely in memory. */
export function* pageOf(report: Report, options: PageOptions): Generator<string> {
  const { madeAt, version = null } = options;
  const zone = zoneOf(options.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const script = pageScript();
  yield head(report, policy(script, version !== null)).text;
  yield body(report, madeAt, zone, version !== null).text;
  yield '<script type="application/json" id="data">';
  yield* dataOf(report, version);
  yield html`</script>
<script>${verbatim(script)}</script>
</body>
</html>
`.text;
}

/** The page may run its own script and style, and connect only to its own server, if it is served. */
function policy(script: string, isServed: boolean): string {
  return [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    ...(isServed ? ["connect-src 'self'"] : []),
    `style-src ${hashOf(PAGE_STYLE)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Script and style cannot be escaped, and need not be. */
function verbatim(text: string): Markup {
  if (/<\/|<!--/.test(text)) throw new Error('script and style of the report must not hold an end tag');
  return new Markup(text);
}

function head({ run: { folderId, folderName } }: Report, policy: string): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Migration of ${folderName ?? folderId}</title>
<style>${verbatim(PAGE_STYLE)}</style>
</head>
`;
}

function body(report: Report, madeAt: Date, zone: Zone, isServed: boolean): Markup {
  return html`<body>
<header class="top">
<h1>Media migration</h1>
<p>Drive folder <a href="${driveFolderLink(report.run.folderId)}" target="_blank" rel="noopener noreferrer" title="${report.run.folderId}"><bdi>${report.run.folderName ?? report.run.folderId}</bdi></a><br>
Started ${zone.full(Date.parse(report.run.startedAt))}. This report: ${zone.full(madeAt.getTime())}. Times are local (${zone.name}).</p>
${inProgress(report, zone, isServed)}
<p id="lost" class="note" hidden>The report is no longer updated: “migrator report --watch” has ended.</p>
<nav aria-label="Parts of the report"><a href="#overview">Overview</a> <a href="#observations">Observations</a> <a href="#time">Over time</a> <a href="#todo">What to do</a> <a href="#folders">Folders</a> <a href="#files">Files</a></nav>
</header>
<main>
${overview(report)}
${coverageSection(report, zone)}
${overTime(report, zone)}
${whatToDo(report)}
<section id="folders" aria-labelledby="folders-heading">
<h2 id="folders-heading">By folder</h2>
<noscript><p class="note">The tables need JavaScript.</p></noscript>
${report.folders.length === 0 && html`<p class="note">There are no folders.</p>`}
<div id="folder-table"></div>
</section>
${filesSection(report)}
</main>
`;
}

function inProgress({ run: { holder } }: Report, zone: Zone, isServed: boolean): Markup | null {
  if (!holder) return null;
  return html`<p class="live"><strong>In progress</strong> since ${zone.full(Date.parse(holder.since))} (${holder.command}). ${isServed ? 'This page updates itself.' : '“migrator report --watch” shows a report that updates itself.'}</p>`;
}

function* dataOf(report: Report, version: string | null): Generator<string> {
  const places = (statuses: readonly Status[]) => statuses.map(status => STATUSES_SHOWN.indexOf(status));
  const data: Omit<PageData, 'files'> = {
    version,
    csvName: `files_${report.run.folderId}.csv`,
    statuses: STATUSES_SHOWN.map(status => [status, STATUS_TEXTS[status].title]),
    attention: places(UNFINISHED),
    done: places(DONE),
    kinds: KINDS,
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
  for (let from = 0; from < report.files.length; from += ROWS_PER_BLOCK) {
    const rows = report.files.slice(from, from + ROWS_PER_BLOCK).map(row => `\n${dataBlock(row)}`);
    yield `${from > 0 ? ',' : ''}${rows.join(',')}`;
  }
  yield ']}';
}
