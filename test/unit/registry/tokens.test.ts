import { describe, expect, test } from '@jest/globals';
import { Rejections } from '../../../src/registry/auth-rejections.ts';
import type { Call } from '../../../src/registry/call.ts';
import type { Endpoint } from '../../../src/registry/endpoint.ts';
import { RegistryError, type RegistryErrorInit } from '../../../src/registry/errors.ts';
import type { TokenAnswer } from '../../../src/registry/token-answer.ts';
import type { TokenAsk, TokenRequests } from '../../../src/registry/token-requests.ts';
import { Tokens } from '../../../src/registry/tokens.ts';
import { fakeClock } from '../../fake/clock.ts';
import { password, requestContext } from '../../fake/settings.ts';

const REALM = 'https://r.example.com/t';
const mine = 'repository:team/app:pull';
const alice = password('alice', 'wonder');
const minute = 60_000;

const endpointAt = (key: string) => ({ key, verify: true, origin: new URL('https://reg.example.com') }) as Endpoint;
const ask = (changes: Partial<TokenAsk> = {}): TokenAsk => ({
  realm: new URL(REALM),
  service: 'fake',
  scopes: ['*', mine],
  endpoint: endpointAt('one'),
  ...changes,
});

/** Tokens of a service that numbers them, or says no while `says` holds an error. */
function bench() {
  const clock = fakeClock();
  const asked: TokenAsk[] = [];
  const service: { says?: Partial<RegistryErrorInit>; refreshToken?: string } = {};
  const requests = {
    fetch: async (each: TokenAsk): Promise<TokenAnswer> => {
      asked.push(each);
      if (service.says)
        throw new RegistryError({ kind: 'unauthorized', host: 'x', from: 'tokenService', ...service.says });
      const untilMs = clock.now() + 24 * 60 * minute;
      const { refreshToken } = service;
      const more = refreshToken === undefined ? {} : { refreshToken };
      return { token: `token-${asked.length}`, expiresAtMs: untilMs, usableUntilMs: untilMs, ...more };
    },
  };
  const tokens = new Tokens(requests as unknown as TokenRequests, new Rejections(clock), clock);
  const call: Call = { context: requestContext(), blame: { host: 'x' }, budget: { spentMs: 0, answered: false } };
  return { tokens, clock, asked, service, get: (changes: Partial<TokenAsk> = {}) => tokens.get(ask(changes), call) };
}

describe('R2.31 a token is kept for', () => {
  const others: readonly (readonly [string, Partial<TokenAsk>])[] = [
    ['realm', { realm: new URL('https://r.example.com/t?v=2') }],
    ['service', { service: 'other' }],
    ['service, where there is none', { service: undefined }],
    ['set of scopes', { scopes: [mine] }],
    ['identity', { credential: alice }],
    ['registry', { endpoint: endpointAt('two') }],
  ];

  test.each(others)('one %s alone', async (_name, changes) => {
    const { get, asked } = bench();
    const [first, other, again] = [await get(), await get(changes), await get()];
    expect(asked).toHaveLength(2);
    expect(other.token).not.toBe(first.token);
    expect(again).toMatchObject({ token: first.token, fresh: false });
  });

  test('scopes in whatever order, which go out as they were asked for', async () => {
    const { get, asked } = bench();
    const first = await get();
    expect(await get({ scopes: [mine, '*'] })).toMatchObject({ token: first.token, fresh: false });
    expect(asked.map(({ scopes }) => scopes)).toEqual([['*', mine]]);
  });
});

describe('a refresh token (R2.28)', () => {
  async function given() {
    const made = bench();
    made.service.refreshToken = 'given-back';
    await made.get({ credential: alice });
    return {
      ...made,
      next: async (changes: Partial<TokenAsk>) => {
        await made.get({ credential: alice, ...changes }).catch(() => {});
        return made.asked.at(-1)?.refreshToken;
      },
    };
  }

  test('is good for other scopes', async () => {
    const { next } = await given();
    expect(await next({ scopes: ['repository:team/web:pull'] })).toBe('given-back');
  });

  test.each([
    ['realm', { realm: new URL('https://r.example.com/other'), scopes: [mine] }],
    ['service', { service: 'other' }],
    ['registry', { endpoint: endpointAt('two') }],
    ['identity', { credential: password('bob', 'builder') }],
  ] as const)('is never sent to another %s', async (_name, changes) => {
    const { next } = await given();
    expect(await next(changes)).toBeUndefined();
  });

  test('is forgotten with a credential that is refused', async () => {
    const { service, next, clock } = await given();
    service.says = { status: 401 };
    await next({ scopes: [mine] });
    await clock.advance(20 * minute);
    expect(await next({ scopes: [mine] })).toBeUndefined();
  });

  test('is kept by a service that is down', async () => {
    const { service, next, clock } = await given();
    service.says = { kind: 'unavailable', status: 503 };
    await next({ scopes: [mine] });
    await clock.advance(20 * minute);
    expect(await next({ scopes: [mine] })).toBe('given-back');
  });
});

test('R2.34 10,000 tokens are kept, and what was not used longest goes first', async () => {
  const { get, asked } = bench();
  const nth = (at: number) => get({ scopes: [`repository:team/app-${at}:pull`] });
  for (let at = 0; at < 10_000; at += 1) await nth(at);
  await nth(0);
  expect(asked).toHaveLength(10_000);
  await nth(10_000);
  expect(await nth(0)).toMatchObject({ fresh: false });
  expect(await nth(1)).toMatchObject({ fresh: true });
});

test('2.1 a token that was refused does not take its successor with it', async () => {
  const { get, tokens } = bench();
  const [first, second] = [await get(), await get()];
  tokens.drop(first);
  const renewed = await get();
  tokens.drop(second);
  expect(await get()).toMatchObject({ token: renewed.token, fresh: false });
});

test.each([
  ['one that may pass for 5 s', { kind: 'unavailable', status: 503 } as const, 5_000],
  ['one for good not at all', { kind: 'invalidResponse' } as const, 0],
])('R2.32 a failure is told again without asking: %s', async (_name, says, keptMs) => {
  const { get, asked, service, clock } = bench();
  service.says = says;
  await expect(get()).rejects.toMatchObject(says);
  if (keptMs > 0) {
    await clock.advance(keptMs - 1);
    await expect(get()).rejects.toMatchObject(says);
    expect(asked).toHaveLength(1);
    await clock.advance(1);
  }
  await expect(get()).rejects.toMatchObject(says);
  expect(asked).toHaveLength(2);
});
