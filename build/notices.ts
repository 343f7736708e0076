/** What the licenses of the packages ask for that are part of the program: their texts, with it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TEXTS = /^(licen[cs]e|copying|notice)\b/i;

/** One text from the folders of packages. Throws if a package says nothing of a license: it must not be shipped then. */
export function noticesOf(folders: readonly string[]): string {
  const notices = folders.map(noticeOf);
  return `This program contains the following packages.\n\n${notices.join('\n')}`;
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter(file => TEXTS.test(file))
    .sort()
    .map(file => readFileSync(join(folder, file), 'utf8').trim());
  if (!license && texts.length === 0) throw new Error(`${name} has no license.`);
  const title = `${name} ${version}${license ? ` (${license})` : ''}`;
  return `${title}\n${'-'.repeat(title.length)}\n\n${texts.map(text => `${text}\n`).join('\n')}`;
}
