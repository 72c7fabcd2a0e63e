import { expect, test } from '@jest/globals';
import { requestLog } from '../../../src/command/request-log.ts';
import { type LogFields, silentLogger } from '../../../src/log.ts';

test('requestLog() tells of every request at the level debug', () => {
  const told: [LogFields, string][] = [];
  const log = requestLog({ ...silentLogger, debug: (fields, message) => told.push([fields, message]) });
  log.request({ host: 'quay.io', method: 'HEAD', status: 200, ms: 12.34 });
  log.request({ host: 'quay.io', method: 'GET', status: undefined, ms: 3 });
  expect(told).toEqual([
    [{ host: 'quay.io', method: 'HEAD', status: 200, ms: 12 }, 'Asked a registry'],
    [{ host: 'quay.io', method: 'GET', status: 'none', ms: 3 }, 'Asked a registry'],
  ]);
});
