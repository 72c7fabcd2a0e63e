import { describe, expect, test } from '@jest/globals';
import { isScheduledMove, NewsLines, outlookText, partLine } from '../../../src/command/dev-lines.ts';
import type { TagChange } from '../../../src/command/tag-change.ts';
import type { News } from '../../../src/controller/announcer.ts';
import { digestOf, T0 } from '../../gen/history.ts';

const regarding = {
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  namespace: 'demo',
  name: 'app',
  uid: 'u',
};
const time = new Date(T0).toTimeString().slice(0, 8);

function changed(change: Partial<TagChange>): News {
  const whole: TagChange = { time: '', tag: 'demo/app:latest', change: 'imported', reason: 'neverImported', ...change };
  return { regarding, type: 'Normal', reason: 'TagImported', action: 'Import', note: 'not printed', change: whole };
}

function completed(reason: string, note: string): News {
  return { regarding: { ...regarding, kind: 'ImageStreamImport' }, type: 'Normal', reason, action: 'Import', note };
}

describe('NewsLines', () => {
  test.each<[string, News, string]>([
    [
      'an imported tag',
      changed({ image: digestOf('1') }),
      'demo/app:latest  imported  sha256:111111111111…  (neverImported)',
    ],
    [
      'a moved tag',
      changed({ change: 'moved', reason: 'scheduled', image: digestOf('2'), previousImage: digestOf('1') }),
      'demo/app:latest  moved     sha256:111111111111… → sha256:222222222222…  (scheduled)',
    ],
    [
      'a failed tag',
      changed({ change: 'failed', reason: 'scheduled', failure: 'NotFound: no such\nimage' }),
      'demo/app:latest  failed    NotFound: no such image  (scheduled)',
    ],
    [
      'a healed tag',
      changed({ change: 'healed', reason: 'retry', image: digestOf('1') }),
      'demo/app:latest  healed    sha256:111111111111…  (retry)',
    ],
    [
      'a completed import',
      completed('Imported', 'all 2 images were imported'),
      'isi demo/app  completed  all 2 images were imported  (Imported)',
    ],
    [
      'a refused import',
      completed('Refused', 'ImageStreamImport "app" is invalid'),
      'isi demo/app  completed  ImageStreamImport "app" is invalid  (Refused)',
    ],
    [
      'an import that cannot be stored',
      { ...completed('ImportNotStored', 'too large'), type: 'Warning' },
      'ImageStreamImport demo/app  warning   too large  (ImportNotStored)',
    ],
    [
      'a Secret that is skipped',
      {
        regarding: { apiVersion: 'v1', kind: 'Secret', namespace: 'demo', name: 'pull', uid: 'u' },
        type: 'Warning',
        reason: 'PullSecretSkipped',
        action: 'Import',
        note: 'auths: expected an object',
      },
      'Secret demo/pull  warning   auths: expected an object  (PullSecretSkipped)',
    ],
  ])('tells of %s', (_, news, want) => {
    expect(new NewsLines().line(news, T0)).toBe(`${time}  ${want}\n`);
  });

  test('keeps the columns of what comes later below each other', () => {
    const lines = new NewsLines();
    const long = changed({ tag: `demo/${'a'.repeat(60)}:1`, image: digestOf('1') });
    const tags = ['demo/app:latest', 'demo/app:1.0'].map(tag => changed({ tag, image: digestOf('1') }));
    const told = [...tags, long, ...tags].map(news => lines.line(news, T0));
    expect(told.map(line => line.indexOf('imported'))).toEqual([27, 27, 79, 27, 27]);
  });
});

describe('isScheduledMove()', () => {
  test.each([
    [changed({ change: 'moved', reason: 'scheduled' }), true],
    // Somebody asked for another image.
    [changed({ change: 'moved', reason: 'specChanged' }), false],
    [changed({ change: 'healed', reason: 'scheduled' }), false],
    [changed({ change: 'failed', reason: 'scheduled' }), false],
    [completed('Imported', 'the image was imported'), false],
  ])('%#', (news, want) => {
    expect(isScheduledMove(news)).toBe(want);
  });
});

describe('partLine()', () => {
  test.each([
    [partLine('Operator', 'leading'), 'Operator     leading'],
    [
      partLine('API server', 'https://127.0.0.1:8443', '(kubectl …)'),
      'API server   https://127.0.0.1:8443   (kubectl …)',
    ],
    [partLine('Registry', 'http://127.0.0.1:5000', 'demo/app: a'), 'Registry     http://127.0.0.1:5000    demo/app: a'],
    [
      partLine('API server', 'https://192.168.100.200:65535', '(kubectl …)'),
      'API server   https://192.168.100.200:65535 (kubectl …)',
    ],
  ])('stands in columns: %s', (line, want) => {
    expect(line).toBe(`${want}\n`);
  });
});

describe('outlookText()', () => {
  test.each([
    [{ streams: 1, tags: 3, nextCheckInMs: 7_001 }, 'leading, 1 stream, 3 tags, next check in 8 s'],
    [{ streams: 2, tags: 1, nextCheckInMs: undefined }, 'leading, 2 streams, 1 tag'],
    [{ streams: 1, tags: 0, nextCheckInMs: undefined }, 'leading, 1 stream, 0 tags'],
    [{ streams: 1, tags: 1, nextCheckInMs: 90_000 }, 'leading, 1 stream, 1 tag, next check in 90 s'],
    [{ streams: 1, tags: 1, nextCheckInMs: 91_000 }, 'leading, 1 stream, 1 tag, next check in 2 min'],
    [{ streams: 0, tags: 0, nextCheckInMs: undefined }, 'leading, no streams yet'],
  ])('says %j', (outlook, want) => {
    expect(outlookText(outlook)).toBe(want);
  });
});
