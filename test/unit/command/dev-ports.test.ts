import { describe, expect, test } from '@jest/globals';
import { listenAt } from '../../../src/command/dev-ports.ts';

const fails = (code: string) => Object.assign(new Error(code), { code });

/** Starts at any port but those that fail so. */
function machine(codes: Readonly<Record<number, string>>) {
  const tried: number[] = [];
  const start = async (port: number) => {
    tried.push(port);
    const code = codes[port];
    if (code !== undefined) throw fails(code);
    return port;
  };
  return { tried, start };
}

describe('listenAt()', () => {
  test.each([
    { name: 'takes the usual port', asked: undefined, codes: {}, want: { server: 8443, movedAside: false } },
    { name: 'takes the port that was asked for', asked: 1, codes: {}, want: { server: 1, movedAside: false } },
    { name: 'takes any when that was asked for', asked: 0, codes: {}, want: { server: 0, movedAside: false } },
    {
      name: 'moves aside for whoever has the usual port',
      asked: undefined,
      codes: { 8443: 'EADDRINUSE' },
      want: { server: 0, movedAside: true },
    },
  ])('$name', async ({ asked, codes, want }) => {
    expect(await listenAt({ flag: '--port', asked, usual: 8443 }, machine(codes).start)).toEqual(want);
  });

  test.each([
    ['EADDRINUSE', 8443, '--port: "8443": cannot be listened on: it is taken'],
    ['EACCES', 80, '--port: "80": cannot be listened on: this needs more rights'],
    ['EADDRNOTAVAIL', undefined, '--port: "8443": cannot be listened on: this machine has no such address'],
  ])('says of %s at port %s why', async (code, asked, message) => {
    const { start, tried } = machine({ [asked ?? 8443]: code });
    await expect(listenAt({ flag: '--port', asked, usual: 8443 }, start)).rejects.toThrow(message);
    expect(tried).toHaveLength(1);
  });

  test('leaves other errors as they are', async () => {
    await expect(
      listenAt({ flag: '--port', asked: 1, usual: 2 }, machine({ 1: 'EMFILE' }).start),
    ).rejects.toMatchObject({
      code: 'EMFILE',
    });
  });
});
