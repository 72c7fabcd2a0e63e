import { expect, test } from '@jest/globals';
import { imageSubject } from '../../../src/importer/subject.ts';

test('a registry that is blocked from now on is refused, whatever was understood of the name before', () => {
  const open = imageSubject('quay.io/org/app:1', { blockedHosts: new Set() });
  expect(open).toMatchObject({ shown: 'quay.io/org/app:1', registry: 'quay.io' });
  const blocked = imageSubject('quay.io/org/app:1', { blockedHosts: new Set(['quay.io']) });
  expect(blocked).toMatchObject({ refused: { status: { reason: 'Forbidden' } } });
  expect(imageSubject('quay.io/org/app:1', { blockedHosts: new Set() })).toBe(open);
});
