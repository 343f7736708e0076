import { proxiesOf, requireUsableProxies } from '../../services/network/proxy.ts';
import type { Check } from './check.ts';

/** The proxy that requests go through. Whether it works is shown by the checks that send requests. */
export const proxy: Check = {
  name: 'proxy',
  title: 'Proxy',
  async run() {
    requireUsableProxies(process.env);
    const { http, https, except } = proxiesOf(process.env);
    if (!http && !https) return 'none (HTTPS_PROXY is not set)';
    const exceptions = except.length > 0 ? `all addresses except ${except.join(', ')}` : 'all addresses';
    return http === https ? `${https} for ${exceptions}` : `${https} (http: ${http}) for ${exceptions}`;
  },
};
