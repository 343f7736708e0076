import { STATUSES } from '../../../stages/record.ts';
import { COVERAGE_STATES } from './coverage.ts';

const COLORS = {
  photo: 'completed',
  video: 'uploaded',
  unlinked: 'pending',
  none: 'needs_review',
  absent: 'orphan',
} as const;

/** The report's style sheet. It has no addresses: the page makes no requests. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #ffffff; --ink: #1d2228; --soft: #5b6570; --line: #e2e3e0; --hover: #f1f3f4; --link: #0b5cad; --tint: 14%;
  --completed: #2f8f5b; --duplicate: #93bfa4; --uploaded: #3b7fc4; --downloaded: #7fabd9; --pending: #b9c0c8;
  --partial: #d9a514; --failed: #c8443a; --orphan: #8a63b8; --needs_review: #e07b28;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1c2024; --ink: #e7eaed; --soft: #9aa4ae; --line: #30363c; --hover: #24292e; --link: #7db8f2; --tint: 22%;
    --completed: #4fb57e; --duplicate: #47775b; --uploaded: #5c9fe0; --downloaded: #3f6c99; --pending: #59626b;
    --partial: #e3b93c; --failed: #e8695f; --orphan: #ad8bdb; --needs_review: #f0954a;
  }
}
* { box-sizing: border-box; }
[hidden], .cut:empty { display: none !important; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Hebrew", Arial, sans-serif; }
.top, main { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
.top { padding-top: 40px; }
.top p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
h1 { margin: 0 0 4px; font-size: 28px; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 0 0 14px; font-size: 18px; line-height: 1.3; outline: none; }
nav { margin: 18px 0 0; display: flex; flex-wrap: wrap; gap: 4px 20px; }
a, summary, button.plain { color: var(--link); text-underline-offset: 2px; }
nav a, .strip a { text-decoration: none; }
a:hover, nav a:hover, button.plain:hover, button.badge:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
section { margin: 20px 0; padding: 22px 24px 24px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.note, .cut { margin: 0 0 14px; color: var(--soft); font-size: 14px; }
#files > .note { margin: 12px 0 0; }
.number { text-align: right !important; font-variant-numeric: tabular-nums; white-space: nowrap; }
.unseen-label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.live { margin-top: 10px !important; }
.live::before, .badge::before, .swatch { content: ""; display: inline-block; width: 9px; height: 9px; margin-right: 6px; border-radius: 50%; background: var(--of, var(--completed)); }

.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 16px; margin: 0 0 24px; }
.figures dt, .figures .sub { color: var(--soft); font-size: 13px; }
.figures dd { margin: 0; font-variant-numeric: tabular-nums; }
.figures dt + dd { font-size: 30px; font-weight: 600; line-height: 1.2; letter-spacing: -0.02em; }
.figures.coverage { grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); margin-bottom: 18px; }
.figures.coverage dd { font-size: 22px; }
.shares { display: grid; grid-template-columns: auto 1fr; gap: 8px 14px; align-items: center; margin-bottom: 22px; color: var(--soft); font-size: 13px; }
.share { display: block; width: 100%; height: 14px; border-radius: 4px; background: var(--line); }
.share.small { height: 8px; min-width: 90px; border-radius: 3px; }
.strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(64px, 1fr)); gap: 8px 6px; max-height: 330px; overflow: auto; margin-bottom: 14px; }
.strip a:not(:hover) { color: var(--soft); }
.strip a { font-size: 12px; line-height: 1.4; font-variant-numeric: tabular-nums; }

table { width: 100%; border-collapse: collapse; font-size: 14px; }
caption { padding: 0 0 6px; text-align: left; font-weight: 600; }
th, td { padding: 9px 14px 9px 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-top: 0; color: var(--soft); font-size: 13px; font-weight: 500; white-space: nowrap; }
tbody th, #file-table td:nth-child(2), #file-table strong { font-weight: 500; }
code { color: var(--soft); font: 12px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.kinds { margin-bottom: 26px; }
.statuses td:last-child, .reasons td:nth-child(3), .ids td, .message, td em { color: var(--soft); }
.statuses tbody th { white-space: nowrap; }
.reasons thead th:last-child { color: transparent; }
.reasons th code { display: block; }
.reasons th .badge { margin-right: 6px; }
.reasons td:nth-child(3) { width: 46%; }
.ids { margin-top: 10px; table-layout: fixed; }
.ids th:first-child { width: 120px; }
.ids td, .message, .relaxed { font-size: 13px; overflow-wrap: anywhere; }
.ids tr:has(:target) { background: var(--hover); }
#ids { max-height: 480px; overflow: auto; }

.badge { display: inline-block; padding: 1px 8px; border: 0; border-radius: 999px; background: color-mix(in srgb, var(--of) var(--tint), transparent); color: var(--ink); font: inherit; font-size: 12.5px; line-height: 1.6; white-space: nowrap; }
.swatch { border-radius: 2px; }
button, select, input { font: inherit; color: inherit; }
button, summary { cursor: pointer; }
section button:not(.badge, .plain), select, input { padding: 6px 12px; border: 1px solid var(--line); border-radius: 6px; background: var(--card); }
section button:not(.badge, .plain):hover { background: var(--hover); }
button.plain { padding: 0; border: 0; background: none; text-align: start; overflow-wrap: anywhere; }

.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 12px 36px; margin-bottom: 20px; }
.chart { margin: 0; min-width: 0; }
figcaption { margin-bottom: 16px; font-size: 14px; }
.key { margin-left: 10px; color: var(--soft); font-size: 13px; white-space: nowrap; }
.key i { display: inline-block; width: 14px; height: 3px; margin-right: 6px; border-radius: 2px; vertical-align: middle; }
.swatch-files { background: var(--completed); }
.swatch-bytes { background: var(--uploaded); }
.plot { display: grid; grid-template-columns: 64px 1fr; }
.plot svg { display: block; overflow: visible; }
.area { width: 100%; }
.plot text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.scale text { text-anchor: end; }
.grid { stroke: var(--line); }
.axis, .pause { stroke: var(--soft); }
.pause { stroke-dasharray: 3 3; }
.line-files, .line-bytes { fill: none; stroke: var(--uploaded); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.line-files { stroke: var(--completed); }
.hit { fill: transparent; }
.mark { fill: var(--uploaded); }
.bar:hover .mark { fill: var(--needs_review); }

form { display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: end; margin-bottom: 12px; }
label { display: flex; flex-direction: column; gap: 3px; color: var(--soft); font-size: 13px; min-width: 0; }
label > *, #clear { height: 35px; color: var(--ink); font-size: 14px; max-width: 100%; }
label.wide { flex: 1 1 260px; }
select { max-width: 300px; text-overflow: ellipsis; }
.found { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; min-height: 35px; margin: 0 0 10px; color: var(--soft); font-size: 14px; }
#csv { margin-left: auto; }
.chip { margin-left: 8px; padding: 1px 4px 1px 10px; border-radius: 999px; background: var(--hover); color: var(--ink); }
.chip button { padding: 0 6px !important; border: 0 !important; background: none !important; }
.scroller { max-height: min(72vh, 760px); overflow: auto; border-bottom: 1px solid var(--line); }
.scroller table { table-layout: fixed; min-width: 700px; border-collapse: separate; border-spacing: 0; }
.scroller thead th { position: sticky; top: 0; z-index: 1; padding-top: 4px; background: var(--card); border-bottom: 1px solid var(--line); }
.scroller thead + tbody tr:first-child td { border-top: 0; }
section .scroller thead button { padding: 0; border: 0; background: none; font-weight: inherit; }
section .scroller thead button:hover, th[aria-sort]:not([aria-sort="none"]) { color: var(--ink); }
th[aria-sort] button::after { content: "↕"; content: "↕" / ""; margin-left: 5px; opacity: 0.45; }
th[aria-sort="ascending"] button::after { content: "↑"; content: "↑" / ""; opacity: 1; }
th[aria-sort="descending"] button::after { content: "↓"; content: "↓" / ""; opacity: 1; }
.scroller tbody tr:hover td { background: var(--hover); }
.spacer td { padding: 0; border: 0; }
#file-table td:nth-child(2), #file-table td:nth-child(3) { overflow-wrap: anywhere; }
#file-table td:nth-child(6) { white-space: nowrap; }
#file-table th:nth-child(1) { width: 128px; }
#file-table th:nth-child(2) { width: 19%; }
#file-table th:nth-child(3) { width: 16%; }
#file-table th:nth-child(4) { width: 88px; }
#file-table th:nth-child(6) { width: 104px; }
#file-table td a + a { margin-left: 10px; }
.unseen { display: block; color: var(--failed); font-weight: 400; }
#folder-table th:nth-child(1) { width: 30%; }
#folder-table th:nth-child(5) { width: 26%; }
#folder-table td:nth-child(5) { vertical-align: middle; }

@media screen and (max-width: 860px) {
  .charts { grid-template-columns: 1fr; }
}
@media screen and (max-width: 720px) {
  .top, main { padding: 0 14px; }
  .top { padding-top: 24px; }
  section { padding: 16px; }
  .figures { grid-template-columns: 1fr 1fr; }
  .figures dt + dd { font-size: 25px; }
  label, label.wide { flex: 1 1 100%; }
  select { max-width: none; }
  table[class] thead, .scroller thead th:not([aria-sort]) { display: none !important; }
  tr { display: flex !important; flex-wrap: wrap; gap: 2px 14px; padding: 10px 0; border-top: 1px solid var(--line); }
  tr > * { width: auto !important; padding: 0 !important; border: 0 !important; text-align: left !important; }
  .kinds tr > :first-child, .sessions tr > :first-child, .ids tr > *, .statuses tr > :last-child, .reasons tr > :nth-child(3), #file-table td:nth-child(2), #file-table td:nth-child(5), #folder-table td:nth-child(1), #folder-table td:nth-child(5) { flex: 1 0 100%; }
  .reasons tr > th { flex: 1; }
  .kinds td::before, .ids td::before, .sessions .number::before, #folder-table td.number::before { content: attr(data-name) ": "; color: var(--soft); }
  .scroller table { min-width: 0; }
  .scroller table, .scroller thead, .scroller tbody { display: block; }
  .scroller thead { position: sticky; top: 0; z-index: 1; background: var(--card); border-bottom: 1px solid var(--line); }
  .scroller thead tr, .scroller tr.spacer { padding: 0 0 3px; border: 0; }
  .scroller thead th { position: static; }
}
@media print {
  :root { --page: #fff; --ink: #000; --soft: #444; --line: #ccc; --link: #000; color-scheme: light; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body, .note, .found, .cut, figcaption, .key, .shares { font-size: 11px; }
  .top, main { max-width: none; padding: 0; }
  section { padding: 0; border: 0; margin: 18px 0; }
  nav, form, #csv, .strip, .reasons button, .chip button, th button::after { display: none !important; }
  h1 { font-size: 20px; }
  h2 { font-size: 14px; margin-bottom: 8px; break-after: avoid; }
  .figures dt + dd { font-size: 20px; }
  table, table * { font-size: 10px !important; }
  #file-table th:nth-child(1) { width: 106px; }
  #file-table th:nth-child(3) { width: 14%; }
  #file-table th:nth-child(4) { width: 64px; }
  #file-table th:nth-child(6) { width: 76px; }
  th, td { padding: 4px 10px 4px 0; }
  tr, figure, .figures { break-inside: avoid; }
  .scroller { max-height: none; overflow: visible; border: 0; }
  .scroller thead th { position: static; }
  .scroller table, .share.small { min-width: 0; }
}
${STATUSES.map(status => `.fill-${status} { fill: var(--${status}); } .badge-${status} { --of: var(--${status}); }`).join('\n')}
${COVERAGE_STATES.map(state => `.fill-${state} { fill: var(--${COLORS[state]}); } .swatch-${state} { background: var(--${COLORS[state]}); }`).join('\n')}
`;
