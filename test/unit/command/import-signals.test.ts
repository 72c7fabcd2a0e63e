import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { runImport } from '../../../src/command/import-run.ts';
import { readImportOptions } from '../../../src/config/import-options.ts';

test('Ctrl-C ends the program while it waits for standard input', async () => {
  const stdin = new PassThrough();
  const reading = new Promise<void>(resolve => stdin.on('newListener', event => event === 'readable' && resolve()));
  const line = readImportOptions(['-f', '-'], {});
  if (line.kind !== 'run') throw new Error('expected options');
  const surroundings = { env: {}, stdin, stdout: new PassThrough(), stderr: new PassThrough() };
  const status = runImport(line.options, [], surroundings);
  await reading;
  // With a listener of ours the signal would only be noted down.
  expect(process.listenerCount('SIGINT')).toBe(0);
  stdin.end();
  expect(await status).toBe(2);
});
