import { expect, test } from '@jest/globals';
import { ageText } from '../../../../src/standalone/http/age.ts';

const SECOND = 1;
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const YEAR = 365 * DAY;

// As `duration.HumanDuration` of Kubernetes' apimachinery says it.
test.each([
  { seconds: -5, want: '<invalid>' },
  { seconds: -1, want: '0s' },
  { seconds: 0, want: '0s' },
  { seconds: 119 * SECOND, want: '119s' },
  { seconds: 2 * MINUTE, want: '2m' },
  { seconds: 2 * MINUTE + 10, want: '2m10s' },
  { seconds: 9 * MINUTE + 59, want: '9m59s' },
  { seconds: 10 * MINUTE + 59, want: '10m' },
  { seconds: 3 * HOUR - 1, want: '179m' },
  { seconds: 3 * HOUR, want: '3h' },
  { seconds: 7 * HOUR + 59 * MINUTE, want: '7h59m' },
  { seconds: 8 * HOUR + 59 * MINUTE, want: '8h' },
  { seconds: 2 * DAY - 1, want: '47h' },
  { seconds: 2 * DAY, want: '2d' },
  { seconds: 3 * DAY + 4 * HOUR, want: '3d4h' },
  { seconds: 8 * DAY + 4 * HOUR, want: '8d' },
  { seconds: 2 * YEAR - 1, want: '729d' },
  { seconds: 2 * YEAR + 30 * DAY, want: '2y30d' },
  { seconds: 8 * YEAR + 30 * DAY, want: '8y' },
])('ageText() of $seconds s is $want', ({ seconds, want }) => {
  expect(ageText(seconds * 1_000)).toBe(want);
});
