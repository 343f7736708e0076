/**
 * Charts as SVG that needs no script. Heights are in pixels and widths in percent, so that a chart fits any window and
 * its text keeps its size. A line cannot have percentages, so it is in its own, stretched SVG.
 */
import { formatBytes, formatCount } from '../../run/text/format.ts';
import { html, type Markup } from './markup.ts';
import { ROUND_MS, type Session, type Timeline } from './timeline.ts';

const HEIGHT = 180;
/** Width of a pause, as a share of the time in which files arrived. */
const PAUSE_SHARE = 0.025;
/** Minimum distance of labels below the axis, in percent: they fit at 400 pixels. */
const TICK_DISTANCE = 15;
const TICK_DISTANCE_WITH_SECONDS = 22;
const MINUTE_MS = 60_000;

/** One bar, divided in proportion to the values; zeros are left out. */
export function shareBar(
  label: string,
  shares: readonly { name: string; value: number; text: string }[],
): Markup {
  const total = shares.reduce((sum, { value }) => sum + value, 0);
  let x = 0;
  const parts = shares
    .filter(({ value }) => value > 0)
    .map(({ name, value, text }) => {
      const width = percent(value / total);
      const part = html`<rect class="fill-${name}" x="${x}%" width="${width}%" height="100%"><title>${text}</title></rect>`;
      x = round(x + width);
      return part;
    });
  return html`<svg class="share" role="img" aria-label="${label}: ${shares.map(({ text }) => text).join(', ')}">${parts}</svg>`;
}

/** The share of all files and bytes that had arrived, over time. */
export function progressChart(timeline: Timeline, all: { files: number; bytes: number }, zone: Zone): Markup {
  const axis = timeAxis(timeline);
  let files = 0;
  let bytes = 0;
  const points: { x: number; files: number; bytes: number }[] = [{ x: 0, files: 0, bytes: 0 }];
  for (const session of timeline.sessions) {
    points.push({ x: axis.at(session, 0), files, bytes });
    session.intervals.forEach((interval, index) => {
      files += interval.files;
      bytes += interval.bytes;
      points.push({ x: axis.at(session, index + 1), files, bytes });
    });
  }
  const line = (kind: 'files' | 'bytes') =>
    html`<polyline class="line-${kind}" points="${points
      .map(point => `${round(point.x * 10)},${round(HEIGHT * (1 - point[kind] / (all[kind] || 1)))}`)
      .join(' ')}"/>`;
  const end = (kind: 'files' | 'bytes') =>
    `${Math.round(((kind === 'files' ? files : bytes) / (all[kind] || 1)) * 100)}%`;
  const label = `Arrived in S3: ${end('files')} of the files and ${end('bytes')} of the bytes`;
  return figure({
    title: 'Arrived in S3',
    legend: html`<span class="key"><i class="swatch-files"></i>files (${end('files')})</span> <span class="key"><i class="swatch-bytes"></i>bytes (${end('bytes')})</span>`,
    label,
    ticks: [0, 25, 50, 75, 100].map(value => ({ share: value / 100, text: `${value}%` })),
    plot: html`<svg viewBox="0 0 1000 ${HEIGHT}" width="100%" height="${HEIGHT}" preserveAspectRatio="none">${line('bytes')}${line('files')}</svg>`,
    axis,
    zone,
  });
}

/** Bytes per second in each interval. */
export function throughputChart(timeline: Timeline, zone: Zone): Markup {
  const axis = timeAxis(timeline);
  const seconds = timeline.intervalMs / 1000;
  const rates = timeline.sessions.flatMap(({ intervals }) => intervals.map(({ bytes }) => bytes / seconds));
  const scale = byteScale(Math.max(...rates));
  const bars = timeline.sessions.flatMap(session =>
    session.intervals.map(({ startMs, files, bytes }, index) => {
      const height = round((HEIGHT * bytes) / seconds / scale.top);
      const [x, end] = [axis.at(session, index), axis.at(session, index + 1)];
      const start = timeline.intervalMs < MINUTE_MS ? zone.fullWithSeconds(startMs) : zone.full(startMs);
      const text = `${start}: ${formatCount(files, 'file')}, ${formatBytes(bytes)}, ${formatBytes(bytes / seconds)}/s`;
      return html`<g class="bar"><rect class="hit" x="${x}%" y="0" width="${round(end - x)}%" height="${HEIGHT}"/><rect class="mark" x="${round(x + (end - x) * 0.08)}%" y="${round(HEIGHT - height)}" width="${round((end - x) * 0.84)}%" height="${height}"/><title>${text}</title></g>`;
    }),
  );
  return figure({
    title: 'Throughput',
    legend: html`<span class="key">bytes a second, over ${lengthOf(seconds)} each</span>`,
    label: `Throughput over time, at most ${formatBytes(Math.max(...rates))} a second`,
    ticks: scale.ticks.map(value => ({ share: value / scale.top, text: `${scale.text(value)}/s` })),
    plot: html`${bars}`,
    axis,
    zone,
  });
}

/** Formats times in the time zone of the computer that writes the report. */
export type Zone = ReturnType<typeof zoneOf>;

export function zoneOf(name: string) {
  const formatted = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', ...options });
    return (ms: number) => format.format(ms);
  };
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

interface Axis {
  /** Position of the start of an interval, in percent; the index after the last one is the end. */
  at(session: Session, interval: number): number;
  /** Middles of the pauses, in percent. */
  pauses: { x: number; ms: number }[];
  ticks: { x: number; ms: number }[];
  /** Whether ticks are less than a minute apart. */
  hasSeconds: boolean;
}

/** The time in which files arrived, without pauses: a night would take most of the width. */
function timeAxis({ sessions, intervalMs }: Timeline): Axis {
  const worked = sessions.reduce((sum, { intervals }) => sum + intervals.length, 0);
  const pause = worked * PAUSE_SHARE;
  const total = worked + pause * (sessions.length - 1);
  const starts = new Map<Session, number>();
  let at = 0;
  for (const session of sessions) {
    starts.set(session, at);
    at += session.intervals.length + pause;
  }
  const place = (session: Session, interval: number) => percent((starts.get(session)! + interval) / total);
  const stepOf = (distance: number) =>
    ROUND_MS.find(ms => percent(ms / intervalMs / total) >= distance) ?? intervalMs;
  const hasSeconds = stepOf(TICK_DISTANCE) < MINUTE_MS;
  const distance = hasSeconds ? TICK_DISTANCE_WITH_SECONDS : TICK_DISTANCE;
  const step = stepOf(distance);
  const ticks: Axis['ticks'] = [];
  const add = (session: Session, interval: number) => {
    const x = place(session, interval);
    if (x > 100 - distance / 2 || (ticks.length > 0 && x - ticks.at(-1)!.x < distance)) return;
    ticks.push({ x, ms: session.intervals[interval]!.startMs });
  };
  for (const session of sessions) {
    session.intervals.forEach(({ startMs }, interval) => {
      if (interval === 0 || startMs % step === 0) add(session, interval);
    });
  }
  const pauses = sessions.slice(1).map((session, index) => ({
    x: percent((starts.get(session)! - pause / 2) / total),
    ms: session.startMs - sessions[index]!.endMs,
  }));
  return { at: place, pauses, ticks, hasSeconds };
}

interface Figure {
  title: string;
  legend: Markup;
  label: string;
  /** On the vertical axis; a share of 1 is the top. */
  ticks: { share: number; text: string }[];
  plot: Markup;
  axis: Axis;
  zone: Zone;
}

function figure({ title, legend, label, ticks, plot, axis, zone }: Figure): Markup {
  const y = (share: number) => round(HEIGHT * (1 - share));
  const lines = ticks.map(
    ({ share }) =>
      html`<line class="${share === 0 ? 'axis' : 'grid'}" x1="0" x2="100%" y1="${y(share)}" y2="${y(share)}"/>`,
  );
  const pauses = axis.pauses.map(
    ({ x, ms }) =>
      html`<line class="pause" x1="${x}%" x2="${x}%" y1="0" y2="${HEIGHT}"><title>Paused for ${lengthOf(ms / 1000)}</title></line>`,
  );
  const days = axis.ticks.map(({ ms }) => zone.day(ms));
  const times = axis.ticks.map(({ x, ms }, index) => {
    const isNewDay = days[index] !== days[index - 1];
    return html`<text x="${x}%" y="${HEIGHT + 18}">${axis.hasSeconds ? zone.timeWithSeconds(ms) : zone.time(ms)}</text>${isNewDay && html`<text class="day" x="${x}%" y="${HEIGHT + 34}">${days[index]!}</text>`}<line class="axis" x1="${x}%" x2="${x}%" y1="${HEIGHT}" y2="${HEIGHT + 4}"/>`;
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
