/** Names and messages contain what strangers have typed. */

/** Characters that move the cursor, change the writing direction, break a line or are invisible. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The same, without line feed and tab. */
const HARMFUL_IN_LINES = /[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** What JSON does not escape and a terminal acts on: DEL, C1, bidirectional controls, line separators. */
const HARMFUL_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** One line of text with such characters spelled out in UTF-16 units: `\u200f`, `\udb40\udc41`. */
export function visible(text: string): string {
  return text.replace(HARMFUL, spelledOut);
}

/** The same for text that may have several lines and tabs. JSON keeps its meaning: these are its own escapes. */
export function visibleLines(text: string): string {
  return text.replace(HARMFUL_IN_LINES, spelledOut);
}

/** JSON of a value that is harmless on a terminal and reads back as the same value. */
export function jsonOf(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(HARMFUL_IN_JSON, spelledOut);
}

function spelledOut(char: string): string {
  return char
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
