/** How much room text takes on a terminal, in columns. */

/** Latin, and the signs that progress is drawn with: looking at graphemes costs a hundred times as much. */
const NARROW = /^[\p{ASCII}\u00a0-\u02ff\u2190-\u2193\u2026\u2588\u2591]*$/u;
const INVISIBLE = /^\p{M}+$/u;
/** East Asian Width W and F (Unicode, annex 11) by script and block, and what is drawn as an emoji. */
const WIDE =
  /[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}\p{sc=Yi}\p{sc=Tangut}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}\p{RI}]|\ufe0f/u;
const HALF_WIDTH = /[\uff61-\uffdc]/u;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns of a text without control characters. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment);
  return width;
}

/** The text as far as it fits; where it is cut an ellipsis takes the last column. */
export function fitted(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let width = 1;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    width += widthOfGrapheme(segment);
    if (width > columns) break;
    kept += segment;
  }
  return columns > 0 ? `${kept}…` : '';
}

function widthOfGrapheme(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0;
  return WIDE.test(grapheme) && !HALF_WIDTH.test(grapheme) ? 2 : 1;
}
