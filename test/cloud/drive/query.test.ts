import { expect } from 'chai';
import { DriveError } from './errors.ts';
import { parseQuery, type Searchable } from './query.ts';

const item: Searchable = {
  name: "O'Neil \\ HelloWorld 6602.jpg",
  mimeType: 'image/jpeg',
  parents: ['A'],
  trashed: false,
  starred: false,
  sharedWithMe: true,
  createdTime: Date.parse('2024-05-01T00:00:00Z'),
  modifiedTime: Date.parse('2024-06-01T12:00:00Z'),
  shortcutTargetId: null,
};
const finds = (q: string) => parseQuery(q).matches(item);

describe('the q parameter', () => {
  it('finds items by folder, type, time and state', () => {
    expect(finds("'A' in parents and trashed = false")).to.equal(true);
    expect(finds("'B' in parents")).to.equal(false);
    expect(finds("mimeType='image/jpeg'")).to.equal(true);
    expect(finds("mimeType != 'image/jpeg'")).to.equal(false);
    expect(finds("mimeType contains 'image/'")).to.equal(true);
    expect(finds("modifiedTime > '2024-06-01T11:59:59'")).to.equal(true);
    expect(finds("modifiedTime <= '2024-06-01T12:00:00+02:00'")).to.equal(false);
    expect(finds('sharedWithMe=true and not trashed=true')).to.equal(true);
  });

  it('evaluates from left to right, and parentheses first', () => {
    expect(finds("trashed = false or trashed = true and name = 'x'")).to.equal(false);
    expect(finds("trashed = false or (trashed = true and name = 'x')")).to.equal(true);
    expect(finds("not ('A' in parents and name = 'x')")).to.equal(true);
    expect(finds("not 'A' in parents or name = 'x'")).to.equal(false);
  });

  it('unescapes quotes and backslashes, and compares names without regard to case', () => {
    expect(finds(String.raw`name = 'o\'neil \\ helloworld 6602.JPG'`)).to.equal(true);
    expect(finds(String.raw`name != 'O\'Neil \\ HelloWorld 6602.jpg'`)).to.equal(false);
  });

  it('finds by beginnings of words only', () => {
    expect(finds("name contains 'hello'")).to.equal(true);
    expect(finds("name contains 'World'")).to.equal(false);
    expect(finds("name contains '6602'")).to.equal(true);
  });

  it('knows in which folders all matches lie, and says so only when it is sure', () => {
    const within = (q: string) => {
      const folders = parseQuery(q).within;
      return folders && [...folders];
    };
    expect(within("('A' in parents or 'B' in parents) and trashed = false")).to.eql(['A', 'B']);
    expect(within("'A' in parents or trashed = false")).to.equal(null);
    expect(within("not 'A' in parents")).to.equal(null);
    expect([...parseQuery("not 'A' in parents").parents]).to.eql(['A']);
  });

  const malformed = [
    '',
    'trashed',
    'trashed =',
    "trashed = 'false'",
    'trashed = false and',
    "name = 'unclosed",
    "name = 'bad \\n escape'",
    "name = 'it's'",
    'name = "double"',
    "name > 'x'",
    "(name = 'x'",
    "name = 'x')",
    "unknown = 'x'",
    "title = 'x'",
    "'A' in folders",
    'A in parents',
    "name = 'x' name = 'y'",
    "name = 'x' AND name = 'y'",
    "modifiedTime > 'yesterday'",
    "name = 'x'; trashed = false",
  ];
  for (const q of malformed) {
    it(`refuses ${q || 'nothing'}`, () => {
      expect(() => parseQuery(q))
        .to.throw(DriveError)
        .that.includes({ httpStatus: 400, reason: 'invalid' })
        .with.nested.property('details.location', 'q');
    });
  }

  it('says honestly which of Drive’s search terms it does not offer', () => {
    expect(() => parseQuery("fullText contains 'x'"))
      .to.throw(DriveError)
      .with.property('httpStatus', 501);
    expect(() => parseQuery("'a@example.com' in owners"))
      .to.throw(DriveError)
      .with.property('httpStatus', 501);
  });
});
