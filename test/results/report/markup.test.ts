import { expect } from 'chai';
import fc from 'fast-check';
import { dataBlock, html } from '../../../src/results/report/markup.ts';
import { httpsOnly } from '../../../src/results/report/report.ts';

describe('Text that becomes part of a page', () => {
  it('is text there, whatever it holds', () => {
    const name = `<img src=x onerror="alert('1')">&amp;`;
    expect(html`<b title="${name}">${name}</b>`.text).to.equal(
      '<b title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;">&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;</b>',
    );
  });

  it('is not escaped twice where templates lie in each other; null and false are nothing', () => {
    const items = ['a&b', 'c'].map(text => html`<li>${text}</li>`);
    expect(html`<ul>${items}${null}${false}${0}</ul>`.text).to.equal('<ul><li>a&amp;b</li><li>c</li>0</ul>');
  });

  it('cannot end a data block, and comes out of it as it went in', () => {
    const nasty = fc.string({
      unit: fc.constantFrom(
        '<',
        '>',
        '/',
        '!',
        '-',
        '&',
        '"',
        "'",
        '\\',
        '\u2028',
        '\u2029',
        '\ud800',
        'script',
        'א',
      ),
    });
    fc.assert(
      fc.property(fc.array(nasty), texts => {
        const block = dataBlock(texts);
        expect(block).not.to.match(/[<>&\u2028\u2029]/);
        expect(JSON.parse(block)).to.deep.equal(texts);
      }),
    );
  });

  it('is an address only if it is https', () => {
    expect(httpsOnly('https://bucket.s3.us-east-1.amazonaws.com/media/a/b%20c.jpg')).to.match(/^https:/);
    for (const address of [
      'javascript:alert(1)',
      'http://a.example/',
      'data:text/html,x',
      '//a.example',
      'x',
      '',
      undefined,
    ])
      expect(httpsOnly(address), address).to.equal('');
  });
});
