/**
 * The text as a spreadsheet shows it unchanged: what it would take for a formula, or for a number or date that it shows
 * otherwise, gets an apostrophe before it. `visible` spells out control characters. The report's page carries this function
 * as it is: it may use nothing outside itself.
 */
export function safeCell(text: string, visible: (text: string) => string): string {
  // Leading zeros, more digits than a spreadsheet counts, exponents, and days: 00042, 1e5, 1-2, 2021-01-02.
  const takenForAnother =
    /^(?:0\d+(?:\.\d+)?|\d{16,}|\d+(?:\.\d+)?e[+-]?\d+|\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?)$/i;
  // Where some spreadsheet takes what follows for the start of a formula; the signs exist in full width, too.
  const formula = /(?:^|[;,|\t\r\n"])(?=[^\S\t\r\n]*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;
  return takenForAnother.test(text) ? `'${text}` : visible(text.replace(formula, "$&'"));
}
