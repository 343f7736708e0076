import { expect } from 'chai';
import { normalizeProxies, proxiesOf } from '../../../src/services/network/proxy.ts';

const normalized = (env: Record<string, string>) => {
  normalizeProxies(env);
  return env;
};
const PROXY = 'http://proxy.example.com:3128';

describe('the proxy variables', () => {
  it('are taken in either case, the lower one first', () => {
    expect(
      normalized({ https_proxy: PROXY, HTTPS_PROXY: 'http://other:1', http_proxy: PROXY }),
    ).to.deep.equal({
      HTTP_PROXY: PROXY,
      HTTPS_PROXY: PROXY,
    });
  });

  it('may leave out the scheme', () => {
    expect(normalized({ HTTPS_PROXY: 'proxy.example.com:3128' }).HTTPS_PROXY).to.equal(PROXY);
  });

  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'all_proxy'])
    it(`count for http and https where only ${name} is set`, () => {
      expect(normalized({ [name]: PROXY })).to.deep.equal({ HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY });
    });

  it('are off for NO_PROXY=*', () => {
    expect(normalized({ HTTPS_PROXY: PROXY, NO_PROXY: 'a.example, *' })).to.deep.equal({});
  });

  const exceptions: Record<string, string[]> = {
    'example.com': ['example.com', '.example.com'],
    '.example.com': ['.example.com', 'example.com'],
    '*.example.com': ['.example.com', 'example.com'],
    'A.example:8443': ['a.example:8443', 'https://a.example:8443', 'http://a.example:8443'],
    '::1': ['[::1]', '.[::1]'],
    'a, b  c': ['a', '.a', 'b', '.b', 'c', '.c'],
  };
  for (const [given, spelled] of Object.entries(exceptions))
    it(`spell out the exception ${given} for every library`, () => {
      expect(normalized({ HTTPS_PROXY: PROXY, NO_PROXY: given }).NO_PROXY!.split(',')).to.deep.equal(spelled);
    });

  it('are shown without a password', () => {
    const env = normalized({
      HTTPS_PROXY: 'http://user:secret@proxy:1',
      NO_PROXY: 'a.example:8443,.b.example',
    });
    const proxy = 'http://…@proxy:1';
    expect(proxiesOf(env)).to.deep.equal({
      https: proxy,
      http: proxy,
      except: ['a.example:8443', 'b.example'],
    });
    expect(proxiesOf({ HTTPS_PROXY: 'nonsense//u:secret@x' }).https).to.equal('nonsense//…@x');
  });
});
