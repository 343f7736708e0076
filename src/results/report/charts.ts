/**
 * Charts as SVG that needs no script. Heights are in pixels and widths in percent, so that a chart fits any window and
 * its text keeps its size. A line cannot have percentages, so it is in its own, stretched SVG.
 */
import { formatBytes, formatCount } from '../../run/text/format.ts';
import { html, type Markup } from './markup.ts';
import { type Interval, ROUND_MS, type Timeline } from './timeline.ts';

const HEIGHT = 180;
/** Width of a pause, as a share of the time in which files arrived. */
const PAUSE_SHARE = 0.025;
/** Minimum distance of labels below the axis, in percent: they fit at 400 pixels. */
const TICK_DISTANCE = 15;
const TICK_DISTANCE_WITH_SECONDS = 22;

/** One bar, divided in proportion to the values; zeros are left out. */
export function shareBar(
  label: string,
  all: readonly { name: string; value: number; text: string }[],
): Markup {
  const shares = all.filter(({ value }) => value > 0);
  const total = shares.reduce((sum, { value }) => sum + value, 0);
  let x = 0;
  const parts = shares.map(({ name, value, text }) => {
    const width = percent(value / total);
    const part = html`<rect class="fill-${name}" x="${x}%" width="${width}%" height="100%"><title>${text}</title></rect>`;
    x = round(x + width);
    return part;
  });
  return html`<svg class="share" role="img" aria-label="${label}: ${shares.map(({ text }) => text).join(', ')}">${parts}</svg>`;
}

/** What arrived in S3 over time: the share of all files and bytes, and bytes per second. */
export function timeCharts(timeline: Timeline, all: { files: number; bytes: number }, zone: Zone): Markup {
  const axis = timeAxis(timeline, zone);
  return html`<div class="charts">
${progressChart(axis, all)}
${throughputChart(axis, timeline.intervalMs / 1000, zone)}
</div>`;
}

function progressChart(axis: Axis, all: { files: number; bytes: number }): Markup {
  const sum = { files: 0, bytes: 0 };
  const points = [{ x: 0, ...sum }];
  for (const { x, end, isFirst, files, bytes } of axis.bars) {
    if (isFirst) points.push({ x, ...sum });
    sum.files += files;
    sum.bytes += bytes;
    points.push({ x: end, ...sum });
  }
  const share = (kind: 'files' | 'bytes', arrived: number) => arrived / (all[kind] || 1);
  const line = (kind: 'files' | 'bytes') => {
    const y = (arrived: number) => round(HEIGHT * (1 - share(kind, arrived)));
    return html`<polyline class="line-${kind}" points="${points.map(point => `${round(point.x * 10)},${y(point[kind])}`).join(' ')}"/>`;
  };
  const percentOf = (kind: 'files' | 'bytes') => `${Math.round(share(kind, sum[kind]) * 100)}%`;
  const [files, bytes] = [percentOf('files'), percentOf('bytes')];
  return figure(axis, {
    title: 'Arrived in S3',
    legend: html`<span class="key"><i class="swatch-files"></i>files (${files})</span> <span class="key"><i class="swatch-bytes"></i>bytes (${bytes})</span>`,
    label: `Arrived in S3: ${files} of the files and ${bytes} of the bytes`,
    ticks: [0, 25, 50, 75, 100].map(value => ({ share: value / 100, text: `${value}%` })),
    plot: html`<svg viewBox="0 0 1000 ${HEIGHT}" width="100%" height="${HEIGHT}" preserveAspectRatio="none">${line('bytes')}${line('files')}</svg>`,
  });
}

/** Bytes per second in each interval. */
function throughputChart(axis: Axis, seconds: number, zone: Zone): Markup {
  const most = Math.max(...axis.bars.map(({ bytes }) => bytes / seconds));
  const scale = byteScale(most);
  const bars = axis.bars.map(({ x, end, startMs, files, bytes }) => {
    const height = round((HEIGHT * bytes) / seconds / scale.top);
    const start = seconds < 60 ? zone.fullWithSeconds(startMs) : zone.full(startMs);
    const text = `${start}: ${formatCount(files, 'file')}, ${formatBytes(bytes)}, ${formatBytes(bytes / seconds)}/s`;
    return html`<g class="bar"><rect class="hit" x="${x}%" y="0" width="${round(end - x)}%" height="${HEIGHT}"/><rect class="mark" x="${round(x + (end - x) * 0.08)}%" y="${round(HEIGHT - height)}" width="${round((end - x) * 0.84)}%" height="${height}"/><title>${text}</title></g>`;
  });
  return figure(axis, {
    title: 'Throughput',
    legend: html`<span class="key">bytes a second, over ${lengthOf(seconds)} each</span>`,
    label: `Throughput over time, at most ${formatBytes(most)} a second`,
    ticks: scale.ticks.map(value => ({ share: value / scale.top, text: `${scale.text(value)}/s` })),
    plot: html`${bars}`,
  });
}

/** Formats times in the time zone of the computer that writes the report. */
export type Zone = ReturnType<typeof zoneOf>;

export function zoneOf(name: string) {
  const formatted = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', ...options }).format;
  const minutes = { hour: '2-digit', minute: '2-digit' } as const;
  const seconds = { ...minutes, second: '2-digit' } as const;
  const date = { year: 'numeric', month: 'short', day: 'numeric' } as const;
  return {
    name,
    /** `14:30`. */
    time: formatted(minutes),
    timeWithSeconds: formatted(seconds),
    /** `Nov 22`. */
    day: formatted({ month: 'short', day: 'numeric' }),
    /** `Nov 22, 2026, 14:30`. */
    full: formatted({ ...date, ...minutes }),
    fullWithSeconds: formatted({ ...date, ...seconds }),
  };
}

/** Positions are in percent of the width. */
type Axis = ReturnType<typeof timeAxis>;

/** The time in which files arrived, without pauses: a night would take most of the width. */
function timeAxis({ sessions, intervalMs }: Timeline, zone: Zone) {
  const worked = sessions.reduce((sum, { intervals }) => sum + intervals.length, 0);
  const pause = worked * PAUSE_SHARE;
  const total = worked + pause * (sessions.length - 1);
  const pauses: { x: number; ms: number }[] = [];
  const bars: (Interval & { x: number; end: number; isFirst: boolean })[] = [];
  let at = 0;
  for (const [index, { startMs, intervals }] of sessions.entries()) {
    if (index > 0) {
      pauses.push({ x: percent((at + pause / 2) / total), ms: startMs - sessions[index - 1]!.endMs });
      at += pause;
    }
    intervals.forEach((interval, number) => {
      const [x, end] = [percent((at + number) / total), percent((at + number + 1) / total)];
      bars.push({ ...interval, x, end, isFirst: number === 0 });
    });
    at += intervals.length;
  }
  const stepOf = (distance: number) =>
    ROUND_MS.find(ms => percent(ms / intervalMs / total) >= distance) ?? intervalMs;
  /** Whether ticks are less than a minute apart. */
  const hasSeconds = stepOf(TICK_DISTANCE) < 60_000;
  const distance = hasSeconds ? TICK_DISTANCE_WITH_SECONDS : TICK_DISTANCE;
  const step = stepOf(distance);
  const timeOf = hasSeconds ? zone.timeWithSeconds : zone.time;
  const ticks: { x: number; time: string; day: string }[] = [];
  for (const { x, startMs, isFirst } of bars) {
    const isRound = isFirst || startMs % step === 0;
    const isFree = x <= 100 - distance / 2 && x >= (ticks.at(-1)?.x ?? -distance) + distance;
    if (isRound && isFree) ticks.push({ x, time: timeOf(startMs), day: zone.day(startMs) });
  }
  return { bars, pauses, ticks };
}

interface Figure {
  title: string;
  legend: Markup;
  label: string;
  /** Ticks of the vertical axis; a share of 1 is the top. */
  ticks: { share: number; text: string }[];
  plot: Markup;
}

function figure(axis: Axis, { title, legend, label, ticks, plot }: Figure): Markup {
  const y = (share: number) => round(HEIGHT * (1 - share));
  const lines = ticks.map(
    ({ share }) =>
      html`<line class="${share === 0 ? 'axis' : 'grid'}" x1="0" x2="100%" y1="${y(share)}" y2="${y(share)}"/>`,
  );
  const pauses = axis.pauses.map(
    ({ x, ms }) =>
      html`<line class="pause" x1="${x}%" x2="${x}%" y1="0" y2="${HEIGHT}"><title>Paused for ${lengthOf(ms / 1000)}</title></line>`,
  );
  const times = axis.ticks.map(({ x, time, day }, index) => {
    const isNew = day !== axis.ticks[index - 1]?.day;
    return html`<text x="${x}%" y="${HEIGHT + 18}">${time}</text>${isNew && html`<text class="day" x="${x}%" y="${HEIGHT + 34}">${day}</text>`}<line class="axis" x1="${x}%" x2="${x}%" y1="${HEIGHT}" y2="${HEIGHT + 4}"/>`;
  });
  return html`<figure class="chart"><figcaption><strong>${title}</strong> ${legend}</figcaption>
<div class="plot"><svg class="scale" width="64" height="${HEIGHT + 40}" aria-hidden="true">${ticks.map(({ share, text }) => html`<text x="56" y="${y(share) + 4}">${text}</text>`)}</svg><svg class="area" height="${HEIGHT + 40}" role="img" aria-label="${label}">${lines}${pauses}${plot}${times}</svg></div></figure>`;
}

/** A scale for bytes, from 0, with about four lines at round numbers of one unit. */
function byteScale(most: number): { top: number; ticks: number[]; text: (bytes: number) => string } {
  const power = most < 1 ? 0 : Math.min(4, Math.floor(Math.log(most) / Math.log(1024)));
  const unit = 1024 ** power;
  const rough = most / unit / 4 || 1;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = ten * ([1, 2, 5].find(factor => factor * ten >= rough) ?? 10);
  const count = Math.max(1, Math.ceil(round(most / unit / step)));
  const name = ['B', 'KiB', 'MiB', 'GiB', 'TiB'][power];
  return {
    top: count * step * unit,
    ticks: Array.from({ length: count + 1 }, (_, index) => index * step * unit),
    text: bytes => `${Number((bytes / unit).toPrecision(6))} ${name}`,
  };
}

/** `5 min`, `1 h`, `30 s`, `2 d`; rounded. */
function lengthOf(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

function percent(share: number): number {
  return round(share * 100);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
