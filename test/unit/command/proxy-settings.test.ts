import { describe, expect, test } from '@jest/globals';
import { proxySettings } from '../../../src/command/proxy-settings.ts';

describe('proxySettings()', () => {
  test('R5.20 reads a proxy for each scheme; the lower-case form wins', () => {
    const env = { HTTPS_PROXY: 'http://a', https_proxy: 'http://b', HTTP_PROXY: 'http://c', NO_PROXY: '.local' };
    expect(proxySettings(env, 'trusted')).toEqual({
      https: 'http://b/',
      http: 'http://c/',
      noProxy: '.local',
      trust: 'trusted',
    });
  });

  test('R5.20 https has no proxy when only http has one', () => {
    expect(proxySettings({ HTTP_PROXY: 'http://c' }, 'untrusted')).toEqual({ http: 'http://c/', trust: 'untrusted' });
  });

  test('an empty variable counts as unset', () => {
    expect(proxySettings({ https_proxy: '', HTTPS_PROXY: 'http://a' }, 'untrusted').https).toBe('http://a/');
  });

  test.each([
    ['proxy.corp:3128', 'http://proxy.corp:3128/'],
    ['proxy.corp', 'http://proxy.corp/'],
    ['127.0.0.1:3128', 'http://127.0.0.1:3128/'],
    ['user:pass@proxy.corp:3128', 'http://user:pass@proxy.corp:3128/'],
    [' https://proxy.corp:3128 ', 'https://proxy.corp:3128/'],
  ])('%j without a scheme is a proxy over http', (written, proxy) => {
    expect(proxySettings({ HTTPS_PROXY: written }, 'untrusted').https).toBe(proxy);
  });

  test('what is no proxy is refused by its name, all together, and never quoted', () => {
    const env = { https_proxy: 'socks5://user:secret@proxy', HTTP_PROXY: 'http://user:secret@:80' };
    expect(() => proxySettings(env, 'untrusted')).toThrow(
      [
        'https_proxy: expected a proxy as http://host:port or host:port',
        'HTTP_PROXY: expected a proxy as http://host:port or host:port',
      ].join('\n'),
    );
  });
});
