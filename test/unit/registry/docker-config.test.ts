import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readDockerConfigJson, readDockercfg, readPullSecrets } from '../../../src/registry/docker-config.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const config = (auths: unknown) => JSON.stringify({ auths });

/** The one login of an entry, or the warnings. */
function login(entry: unknown, strict = false) {
  const { entries, warnings } = readDockerConfigJson(config({ 'reg.example.com': entry }), { strict });
  return entries[0]?.login ?? warnings;
}

const basic = (username: string, password: string) => ({ kind: 'basic', username, password });
const KEY_FILE = '{\n  "type": "service_account",\n  "private_key": "a:b:c"\n}\n';

describe('readDockerConfigJson() entries', () => {
  test.each([
    ['D1', { auth: 'dXNlcjpwYXNz' }, basic('user', 'pass')],
    ['D2', { auth: 'dXNlcjpwYTpzcw==' }, basic('user', 'pa:ss')],
    ['D2 without padding', { auth: 'dXNlcjpwYTpzcw' }, basic('user', 'pa:ss')],
    ['D4', { auth: 'dXNlcjo=', identitytoken: 'T' }, { kind: 'identityToken', token: 'T' }],
    ['D5', { auth: 'dXNlcjo=' }, []],
    ['D6', { auth: 'dXNlcjpwYXNzAA==' }, basic('user', 'pass')],
    ['D7', { auth: base64('user:pass'), username: 'other', password: 'other' }, basic('user', 'pass')],
    ['D8', { username: '<token>', password: 'T' }, { kind: 'identityToken', token: 'T' }],
    ['D8 in auth', { auth: base64('<token>:T') }, { kind: 'identityToken', token: 'T' }],
    ['D9', { registrytoken: 'R' }, { kind: 'registryToken', token: 'R' }],
    ['D10', { auth: base64(`_json_key:${KEY_FILE}`) }, basic('_json_key', KEY_FILE)],
    ['D12 null', null, []],
    ['D12 {}', {}, []],
    ['R3.4 username and password', { username: 'u', password: 'p' }, basic('u', 'p')],
    ['R3.4 an empty auth', { auth: '', username: 'u', password: 'p' }, basic('u', 'p')],
    ['R3.4 line breaks in auth', { auth: 'dXNl\r\ncjpwYXNz\n' }, basic('user', 'pass')],
    ['R3.6 a name alone', { username: 'u' }, []],
    ['R3.6 a password alone', { password: 'p' }, []],
    ['R3.6 an e-mail address alone', { email: 'a@b' }, []],
    [
      'R3.5 an identity token with a password that may stand in',
      { auth: base64('u:p'), identitytoken: 'T' },
      { kind: 'identityToken', token: 'T', basic: { username: 'u', password: 'p' } },
    ],
  ])('%s', (_id, entry, want) => {
    expect(login(entry)).toEqual(want);
  });

  test.each([
    ['D3 without a colon', { auth: 'dXNlcg==' }, 'its auth is not base64 of user:password'],
    ['no base64', { auth: 'user:pass' }, 'its auth is no base64'],
    ['half a base64 group', { auth: 'dXNlc' }, 'its auth is no base64'],
    ['a text', 'dXNlcjpwYXNz', 'it is no object'],
    ['a list', [], 'it is no object'],
    ['a registry token that ends a header', { registrytoken: 'R\r\nHost: x' }, 'its registrytoken fits no header'],
  ])('%s is skipped with a warning', (_id, entry, why) => {
    expect(login(entry)).toEqual([`entry "reg.example.com" skipped: ${why}`]);
  });

  test('R3.9 space around auth is for the lenient', () => {
    expect(login({ auth: ' dXNlcjpwYXNz ' })).toEqual(basic('user', 'pass'));
    expect(login({ auth: ' dXNlcjpwYXNz ' }, true)).toEqual(['entry "reg.example.com" skipped: its auth is no base64']);
  });
});

const ENTRY = { auth: base64('user:pass') };
const locations = ({ entries }: { entries: readonly { location: string }[] }) =>
  entries.map(({ location }) => location);

describe('readDockerConfigJson()', () => {
  test.each(['{"auths":null}', '{"auths":{}}', '{}', '', ' \n'])(
    'D12 %j holds nothing, and that is no mistake',
    text => {
      expect(readDockerConfigJson(text)).toEqual({ entries: [], warnings: [] });
    },
  );

  test('D11 a dockercfg of the wrong type is skipped', () => {
    expect(readDockerConfigJson(JSON.stringify({ 'reg.example.com': ENTRY }))).toEqual({
      entries: [],
      warnings: ['skipped: it has no "auths"'],
    });
  });

  test.each([
    ['{"auths":{"a":{"auth":"c2VjcmV0', 'skipped: it is no valid JSON'],
    ['[]', 'skipped: it is no JSON object'],
    ['"c2VjcmV0"', 'skipped: it is no JSON object'],
    ['{"auths":["c2VjcmV0"]}', 'skipped: "auths" is no object'],
    [`{"auths":"${'x'.repeat(1024 * 1024)}"}`, 'skipped: it is larger than 1 MiB'],
  ])('R3.3 %.30s is skipped, and nothing of it is told', (text, warning) => {
    expect(readDockerConfigJson(text)).toEqual({ entries: [], warnings: [warning] });
  });

  test.each([
    'reg.example.com/%zz',
    'reg example.com',
    'reg.example.com/a b',
    '',
    'https://',
    'user@reg.example.com',
    'a:b:c',
    '__proto__',
  ])('D13 D14 the location %j is skipped, others are kept', location => {
    const text = `{"auths":{${JSON.stringify(location)}:${JSON.stringify(ENTRY)},"quay.io":${JSON.stringify(ENTRY)}}}`;
    const read = readDockerConfigJson(text);
    expect(locations(read)).toEqual(['quay.io']);
    const shown = JSON.stringify(location.replace('user@', ''));
    expect(read.warnings).toEqual([`entry ${shown} skipped: its location names no registry`]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('R3.7 has limits', () => {
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`r${n}.example.com`, ENTRY]));
    const read = readDockerConfigJson(config(many));
    expect(read.entries).toHaveLength(1000);
    expect(read.warnings).toEqual(['only the first 1000 entries are used']);
    const warnings = (length: number) =>
      readDockerConfigJson(config({ ['reg.example.com/'.padEnd(length, 'x')]: ENTRY })).warnings;
    expect(warnings(512)).toEqual([]);
    expect(warnings(513)).toHaveLength(1);
  });

  test.each([
    ['password', { username: 'user', password: 'x'.repeat(16_385) }],
    ['auth', { auth: Buffer.from(`user:${'x'.repeat(16_385)}`).toString('base64') }],
    ['user name', { username: 'x'.repeat(16_385), password: 'pass' }],
    ['identitytoken', { identitytoken: 'x'.repeat(16_385) }],
    ['registrytoken', { registrytoken: 'x'.repeat(16_385) }],
  ])('R3.7 a login that is too long for a header is skipped, and not quoted: %s', (_name, entry) => {
    const read = readDockerConfigJson(config({ 'huge.example.com': entry, 'quay.io': ENTRY }));
    expect(locations(read)).toEqual(['quay.io']);
    expect(read.warnings).toEqual(['entry "huge.example.com" skipped: its login is too long for a header']);
  });

  test('R3.7 one of 16 KiB is used', () => {
    const long = { username: 'user', password: 'x'.repeat(16_384) };
    expect(readDockerConfigJson(config({ 'quay.io': long }))).toMatchObject({ warnings: [], entries: [{}] });
  });

  test('R3.1 helpers, headers and proxies are ignored', () => {
    const text = JSON.stringify({ auths: { 'quay.io': ENTRY }, credsStore: 'x', HttpHeaders: {}, proxies: {} });
    expect(readDockerConfigJson(text)).toEqual({
      entries: [{ location: 'quay.io', login: basic('user', 'pass') }],
      warnings: [],
    });
  });

  test('never throws, and never tells a value', () => {
    const member = fc.oneof(
      fc.constantFrom('auth', 'username', 'password', 'identitytoken', 'registrytoken'),
      fc.string(),
    );
    const text = fc.oneof(
      fc.string(),
      fc.dictionary(fc.string(), fc.dictionary(member, fc.jsonValue())).map(config),
      fc.jsonValue().map(value => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(text, value => {
        readDockercfg(value);
        const { warnings } = readDockerConfigJson(value);
        for (const warning of warnings)
          expect(warning).toMatch(/^(skipped: it|skipped: "auths"|entry ".*" skipped: it)/s);
      }),
    );
  });
});

describe('R3.2 readDockercfg()', () => {
  test('reads the map itself', () => {
    expect(locations(readDockercfg(JSON.stringify({ 'quay.io': ENTRY })))).toEqual(['quay.io']);
  });

  test('reads a map wrapped in auths', () => {
    expect(locations(readDockercfg(config({ 'quay.io': ENTRY })))).toEqual(['quay.io']);
  });

  test('reads a registry that is called auths', () => {
    expect(locations(readDockercfg(config(ENTRY)))).toEqual(['auths']);
  });
});

const secret = (name: string, type: string, key: string, text: string, annotations: object = {}) => ({
  metadata: { namespace: 'ns', name, annotations },
  type,
  data: { [key]: base64(text) },
});

const json = (name: string, host: string, annotations?: object) =>
  secret(name, 'kubernetes.io/dockerconfigjson', '.dockerconfigjson', config({ [host]: ENTRY }), annotations);
const cfg = (name: string, host: string, annotations?: object) =>
  secret(name, 'kubernetes.io/dockercfg', '.dockercfg', JSON.stringify({ [host]: ENTRY }), annotations);

const hosts = (secrets: readonly unknown[]) => readPullSecrets(secrets).configs.flatMap(locations);

describe('readPullSecrets()', () => {
  test('controllers 9.10: both docker types, none that is excluded, no others', () => {
    const excluded = { 'openshift.io/image.excludeSecret': 'true' };
    expect(
      hosts([
        cfg('secret-1', 'one.example.com'),
        cfg('secret-2', 'two.example.com', excluded),
        secret('secret-3', 'Opaque', '.dockerconfigjson', config({ 'three.example.com': ENTRY })),
        secret('secret-4', 'kubernetes.io/service-account-token', 'token', 'x'),
        json('secret-5', 'five.example.com', { 'openshift.io/image.excludeSecret': 'false' }),
      ]),
    ).toEqual(['one.example.com', 'five.example.com']);
  });

  test.each([7, true, ['x'], { a: 1 }])('R3.3 data that is no text is skipped: %j', value => {
    const { metadata, type } = json('odd', 'quay.io');
    const odd = { metadata, type, data: { '.dockerconfigjson': value } };
    expect(readPullSecrets([odd]).warnings).toEqual(['secret "ns/odd": skipped: ".dockerconfigjson" is no text']);
  });

  test('R3.3 D27 a malformed secret skips only itself, with a warning that names it', () => {
    const broken = secret('broken', 'kubernetes.io/dockercfg', '.dockercfg', 'c2VjcmV0');
    expect(readPullSecrets([broken, json('good', 'quay.io')])).toEqual({
      configs: [{ entries: [{ location: 'quay.io', login: basic('user', 'pass') }] }],
      warnings: ['secret "ns/broken": skipped: it is no valid JSON'],
    });
  });

  test('R3.3 type and key must match, and empty data is no mistake', () => {
    const type = 'kubernetes.io/dockerconfigjson';
    const secrets = [
      secret('a', type, '.dockercfg', JSON.stringify({ 'quay.io': ENTRY })),
      { type },
      { type, data: null },
      { type, data: { '.dockerconfigjson': '' } },
      { type, data: { '.dockerconfigjson': null } },
    ];
    expect(readPullSecrets(secrets)).toEqual({ configs: [], warnings: [] });
  });

  test('reads a manifest with stringData', () => {
    const type = 'kubernetes.io/dockerconfigjson';
    expect(hosts([{ type, stringData: { '.dockerconfigjson': config({ 'quay.io': ENTRY }) } }])).toEqual(['quay.io']);
  });

  test('R3.7 a secret of more than 1 MiB is skipped', () => {
    const big = secret('big', 'kubernetes.io/dockercfg', '.dockercfg', ' '.repeat(1024 * 1024 + 10));
    expect(readPullSecrets([big]).warnings).toEqual(['secret "ns/big": skipped: it is larger than 1 MiB']);
  });

  test('never throws, whatever is called a secret', () => {
    const odd = fc.record({
      type: fc.constant('kubernetes.io/dockercfg'),
      data: fc.anything(),
      metadata: fc.anything(),
    });
    fc.assert(fc.property(fc.array(fc.oneof(fc.anything(), odd)), secrets => void readPullSecrets(secrets)));
  });
});

test('R6.16 a warning shows no password that stands in front of a host', () => {
  const { warnings } = readDockerConfigJson(JSON.stringify({ auths: { 'https://bob:hunter2@reg.example.com': {} } }));

  expect(warnings).toEqual([expect.stringContaining('"https://reg.example.com"')]);
  expect(warnings.join()).not.toContain('hunter2');
});
