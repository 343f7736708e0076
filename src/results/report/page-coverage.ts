/** The section of the report that says which observations have photos and videos. */
import { type IdRange, rangesOf, rangesText } from '../../run/manifest/id-ranges.ts';
import { formatCount } from '../../run/text/format.ts';
import { shareBar, type Zone } from './charts.ts';
import { COVERAGE_STATES, COVERAGE_TITLES, type CoverageGroup } from './coverage.ts';
import { html, type Markup } from './markup.ts';
import type { Report } from './report.ts';

/** More ranges of a group are only counted; the report as JSON has all of them. */
const MAX_RANGES = 60;

export function coverageSection(report: Report, zone: Zone): Markup {
  const groups = report.coverage.groups();
  return html`<section id="observations" aria-labelledby="observations-heading">
<h2 id="observations-heading">Observations</h2>
${groups.length === 0 ? html`<p class="note">No file is assigned to an observation yet.</p>` : content(report, groups, zone)}
</section>`;
}

function content(report: Report, groups: readonly CoverageGroup[], zone: Zone): Markup {
  const ids = report.coverage.ids();
  const readAt = report.run.observationIds?.readAt ?? null;
  const known = COVERAGE_STATES.filter(state => state !== 'none' || readAt !== null);
  return html`<p class="note">${
    readAt === null
      ? 'This run looked up only the ids in file names. “migrator observations-without-media” lists the observations without any file.'
      : `All observations in the app, as of ${zone.full(Date.parse(readAt))}.`
  } Each bar shows a group of ids; the number above it is the first one. Select a bar for the ids.</p>
<dl class="figures coverage">${known.map(
    state => html`
<div><dt><i class="swatch swatch-${state}"></i>${COVERAGE_TITLES[state]}</dt><dd>${ids[state].length.toLocaleString('en-US')}</dd></div>`,
  )}
</dl>
<div class="strip">${groups.map(cell)}</div>
<details id="ids"><summary>Ids by group, with and without files</summary>
<table class="ids">
<thead><tr><th scope="col">Ids</th><th scope="col">With photos or videos</th><th scope="col">Not linked yet</th><th scope="col">Without any file</th><th scope="col">No such observation</th></tr></thead>
<tbody>${groups.map(group => row(group, readAt !== null))}
</tbody>
</table>
</details>`;
}

function cell(group: CoverageGroup): Markup {
  const shares = COVERAGE_STATES.map(state => ({
    name: state,
    value: group.ids[state].length,
    text: `${COVERAGE_TITLES[state]}: ${group.ids[state].length}`,
  })).filter(({ value }) => value > 0);
  const bar = shareBar(nameOf(group), shares);
  return html`<a href="#ids-${group.first}" title="${nameOf(group)} · ${shares.map(({ text }) => text).join(' · ')}"><span>${group.first}</span>${bar}</a>`;
}

function row(group: CoverageGroup, isTableKnown: boolean): Markup {
  const { photo, video, unlinked, none, absent } = group.ids;
  const linked = [...photo, ...video].sort((a, b) => a - b);
  const columns: [name: string, ids: number[] | null][] = [
    ['With photos or videos', linked],
    ['Not linked yet', unlinked],
    ['Without any file', isTableKnown ? none : null],
    ['No such observation', absent],
  ];
  return html`
<tr id="ids-${group.first}"><th scope="row">${nameOf(group)}</th>${columns.map(
    ([name, ids]) => html`<td data-name="${name}">${ids === null ? 'not known' : listOf(ids)}</td>`,
  )}</tr>`;
}

function nameOf({ first, last }: CoverageGroup): string {
  return `${first}-${last}`;
}

function listOf(ids: readonly number[]): string {
  const ranges: readonly IdRange[] = rangesOf(ids);
  const left = ranges.length - MAX_RANGES;
  const text = rangesText(ranges.slice(0, MAX_RANGES)) || '–';
  return left > 0 ? `${text} and ${formatCount(left, 'more range')}` : text;
}
