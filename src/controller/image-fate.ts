/** What a list of Images tells of one of them. */
export interface ListedImage {
  readonly uid: string;
  readonly resourceVersion: string;
  /** The mark `unreferenced-since`, as it is written; undefined without one. */
  readonly since: string | undefined;
}

/** What is to become of an Image. */
export type Fate = 'leave' | 'mark' | 'unmark' | 'delete';

const DAY_MS = 24 * 60 * 60_000;

/**
 * ```text
 * named? | marked           | fate
 * yes    | no               | leave
 * yes    | yes              | unmark
 * no     | no               | mark
 * no     | for a day        | delete
 * no     | for less         | leave
 * no     | no time, or later than now | mark   written by a clock or a hand that cannot be trusted
 * ```
 */
export function fateOf({ since }: ListedImage, isNamed: boolean, nowMs: number): Fate {
  if (isNamed) return since === undefined ? 'leave' : 'unmark';
  const sinceMs = Date.parse(since ?? '');
  if (!(sinceMs <= nowMs)) return 'mark';
  return nowMs - sinceMs >= DAY_MS ? 'delete' : 'leave';
}
