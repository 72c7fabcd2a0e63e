import type { ImageStream } from '../api/image-stream.ts';
import type { TypedObject } from '../api/meta.ts';
import { API_VERSION } from '../api/names.ts';
import type { Clock } from '../clock.ts';
import type { DueReason } from '../imagestream/due.ts';
import { type TagChange, tagChange } from '../imagestream/tag-change.ts';
import type { Logger } from '../log.ts';
import { type EventNews, newsOf } from './events.ts';
import { keyOf } from './key.ts';
import type { ControllerObserver } from './observer.ts';

/** What a Kubernetes Event is about. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string;
}

/** News of an object. */
export interface News extends EventNews {
  readonly regarding: Regarding;
  /** Of a tag that changed. */
  readonly change?: TagChange;
}

/** Takes Events; never throws and never makes the caller wait. */
export interface EventSink {
  event(news: News): void;
}

export interface AnnouncerParts {
  readonly events: EventSink;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells people what was stored: one Event and one line for each change (design, section 5). */
export class Announcer {
  readonly #parts: AnnouncerParts;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  changed(before: ImageStream | undefined, after: ImageStream, reasons: ReadonlyMap<string, DueReason>): void {
    const { events, clock, log } = this.#parts;
    const regarding = regardingOf('ImageStream', after);
    const old = before ?? { metadata: after.metadata };
    for (const { tag } of after.status?.tags ?? []) {
      const reason = reasons.get(tag) ?? 'specChanged';
      const change = tagChange(old, after, tag, reason, clock.now());
      if (change === undefined) continue;
      const { image, previousImage, failure } = change;
      log.info({ stream: keyOf(after.metadata), tag, reason, image, previousImage, failure }, `Tag ${change.change}`);
      events.event({ regarding, ...newsOf(tag, change), change });
    }
  }

  intervalIgnored(stream: ImageStream, faults: readonly string[]): void {
    const { events, log } = this.#parts;
    log.warn({ stream: keyOf(stream.metadata), faults }, 'An interval cannot be read');
    events.event({
      regarding: regardingOf('ImageStream', stream),
      type: 'Warning',
      reason: 'IntervalIgnored',
      action: 'Schedule',
      note: faults.join('\n'),
    });
  }

  notStorable(stream: ImageStream, why: string): void {
    const { events, log, observer } = this.#parts;
    log.error({ stream: keyOf(stream.metadata), why }, 'A stream cannot be stored');
    observer.patched('imagestreams', 'refused');
    events.event({
      regarding: regardingOf('ImageStream', stream),
      type: 'Warning',
      reason: 'StreamNotStored',
      action: 'Store',
      note: why,
    });
  }
}

export function regardingOf(kind: string, { metadata }: TypedObject): Regarding {
  const { namespace, name = '', uid = '', resourceVersion } = metadata;
  return {
    apiVersion: API_VERSION,
    kind,
    ...(namespace !== undefined && { namespace }),
    name,
    uid,
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
}
