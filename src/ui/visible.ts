/** Names and messages hold what strangers have typed. */

/** What moves a cursor, turns the writing direction, breaks a line, or cannot be seen at all. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text with such characters spelled out in UTF-16 units: `\u200f`, `\udb40\udc41`. */
export function visible(text: string): string {
  return text.replace(HARMFUL, spelledOut);
}

/** Indented JSON of a value; such characters are escaped in it, which changes nothing of what it says. */
export function visibleJson(value: unknown): string {
  // The line ends are those of the indentation: in strings JSON has escaped them.
  return JSON.stringify(value, null, 2).replace(HARMFUL, char => (char === '\n' ? char : spelledOut(char)));
}

function spelledOut(char: string): string {
  return char
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
