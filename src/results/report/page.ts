/** The report as one self-contained HTML file: it needs no network and no server. */
import { createHash } from 'node:crypto';
import { UNFINISHED } from '../../run/progress/counts.ts';
import { STATUS_TEXTS, STATUSES_SHOWN } from '../../run/progress/statuses.ts';
import { zoneOf } from './charts.ts';
import { dataBlock, html, Markup } from './markup.ts';
import type { FileRow, PageData } from './page-files.ts';
import { pageScript } from './page-script.ts';
import { fileSection, folderSection, observations, overTime, overview, whatToDo } from './page-sections.ts';
import { PAGE_STYLE } from './page-style.ts';
import { attentionOf, DONE, type Report } from './report.ts';

interface PageOptions {
  madeAt: Date;
  /** IANA name; the machine's own when absent. */
  timeZone?: string;
  /** Version of the run, for a served page that reloads when the run has changed. */
  version?: string;
}

const ROWS_PER_BLOCK = 500;

/** The page in pieces, so that the page of a large run is never completely in memory. */
export function* pageOf(report: Report, { madeAt, timeZone, version }: PageOptions): Generator<string> {
  const { folderId, folderName, startedAt, holder } = report.run;
  const zone = zoneOf(timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const script = pageScript();
  const isServed = version !== undefined;
  const follow = isServed
    ? 'This page updates itself.'
    : '“migrator report --watch” shows a report that updates itself.';
  yield html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(script, isServed)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Migration of ${folderName ?? folderId}</title>
<style>${verbatim(PAGE_STYLE)}</style>
</head>
<body>
<header class="top">
<h1>Media migration</h1>
<p>Drive folder <a href="https://drive.google.com/drive/folders/${encodeURIComponent(folderId)}" target="_blank" rel="noopener noreferrer" title="${folderId}"><bdi>${folderName ?? folderId}</bdi></a><br>
Started ${zone.full(Date.parse(startedAt))}. This report: ${zone.full(madeAt.getTime())}. Times are local (${zone.name}).</p>
${holder && html`<p class="live"><strong>In progress</strong> since ${zone.full(Date.parse(holder.since))} (${holder.command}). ${follow}</p>`}
<p id="lost" class="note" hidden>The report is no longer updated: “migrator report --watch” has ended.</p>
<nav aria-label="Parts of the report"><a href="#overview">Overview</a> <a href="#observations">Observations</a> <a href="#time">Over time</a> <a href="#todo">What to do</a> <a href="#folders">Folders</a> <a href="#files">Files</a></nav>
</header>
<main>
${overview(report)}
${observations(report, zone)}
${overTime(report, zone)}
${whatToDo(report)}
${folderSection(report)}
${fileSection(report)}
</main>
<script type="application/json" id="data">`.text;
  yield* dataOf(report, version ?? null);
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

function* dataOf(report: Report, version: string | null): Generator<string> {
  const indexes = new Map<string, number>();
  const indexOf = (text: string) => {
    const index = indexes.get(text) ?? indexes.size;
    indexes.set(text, index);
    return index;
  };
  const rowOf = ({ id, name, size, url, relaxed, ...file }: Report['files'][number]): FileRow => {
    const [path, status, reason] = [indexOf(file.path), indexOf(file.status), indexOf(file.reason)];
    return [id, name, size, url, relaxed, path, status, reason, indexOf(file.message), indexOf(file.kind)];
  };
  yield '{"files":[';
  for (let from = 0; from < report.files.length; from += ROWS_PER_BLOCK) {
    const rows = report.files.slice(from, from + ROWS_PER_BLOCK).map(file => `\n${dataBlock(rowOf(file))}`);
    yield `${from > 0 ? ',' : ''}${rows.join(',')}`;
  }
  const others: Omit<PageData, 'files'> = {
    texts: [...indexes.keys()],
    version,
    csvName: `files_${report.run.folderId}.csv`,
    statuses: STATUSES_SHOWN.map(code => ({
      code,
      title: STATUS_TEXTS[code].title,
      isDone: DONE.includes(code),
      needsAttention: UNFINISHED.includes(code),
    })),
    reasons: Object.fromEntries([...report.reasons].map(([key, { advice }]) => [key, advice.title])),
    folders: [...report.folders].map(([path, counts]) => ({
      path,
      files: counts.total,
      bytes: counts.bytes,
      attention: attentionOf(counts).files,
      statuses: STATUSES_SHOWN.map(status => counts.files(status)),
    })),
  };
  yield `],${dataBlock(others).slice(1)}`;
}
