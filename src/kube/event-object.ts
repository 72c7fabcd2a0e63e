import { Buffer } from 'node:buffer';
import type { TypedObject } from '../api/meta.ts';
import { microTime } from './lease.ts';

/** The object that an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string;
}

export interface NewEvent {
  readonly regarding: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** In one word, for machines; at most 128 characters. */
  readonly reason: string;
  /** What was being done; at most 128 characters. */
  readonly action: string;
  /** For people; cut to 1,024 bytes. */
  readonly note: string;
}

/** `events.k8s.io/v1` Event, as far as it is written here. */
export interface EventObject extends TypedObject {
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly action: string;
  readonly reason: string;
  readonly type: string;
  readonly note: string;
  readonly regarding: EventSubject;
  /** Since the second time. */
  readonly series?: EventSeries;
}

export interface EventSeries {
  /** Times, the first included. */
  readonly count: number;
  readonly lastObservedTime: string;
}

/** How often something was to be told, and when: epoch milliseconds. */
export interface Occurrences {
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

const CONTROLLER = 'imagestream-operator';
const MAX_NOTE_BYTES = 1_024;
const MAX_INSTANCE_CHARACTERS = 128;
const MAX_NAME_CHARACTERS = 253;

/** An API server wants Events about cluster-scoped objects here, and finds them for `kubectl describe`. */
export function eventNamespace({ namespace }: EventSubject): string {
  return namespace ?? 'default';
}

/** Equal for Events that differ in their time alone. The version is left out: it moves with each write. */
export function eventKey({ regarding, type, reason, action, note }: NewEvent): string {
  return JSON.stringify([subjectKey(regarding), type, reason, action, note]);
}

export function subjectKey({ apiVersion, kind, namespace, name, uid }: EventSubject): string {
  return JSON.stringify([apiVersion, kind, namespace, name, uid]);
}

/** `app.18c2f3a9b1d4`: of the object's name what leaves room for `id`, which makes it unique. */
export function eventName({ name }: EventSubject, id: string): string {
  const room = MAX_NAME_CHARACTERS - id.length - 1;
  return `${name.slice(0, room).replace(/[^a-z0-9]+$/, '')}.${id}`;
}

export function eventObject(event: NewEvent, name: string, instance: string, told: Occurrences): EventObject {
  const { regarding, type, reason, action, note } = event;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: eventNamespace(regarding), name },
    eventTime: microTime(told.firstAtMs),
    reportingController: CONTROLLER,
    reportingInstance: instance.slice(0, MAX_INSTANCE_CHARACTERS),
    action,
    reason,
    type,
    note: cutNote(note),
    regarding,
    ...(told.count > 1 && { series: eventSeries(told) }),
  };
}

/** `count` must be 2 or more. */
export function eventSeries({ count, lastAtMs }: Occurrences): EventSeries {
  return { count, lastObservedTime: microTime(lastAtMs) };
}

/** At most 1,024 bytes, no character cut in two. */
export function cutNote(note: string): string {
  if (Buffer.byteLength(note) <= MAX_NOTE_BYTES) return note;
  let bytes = Buffer.byteLength('…');
  let end = 0;
  for (const character of note) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_NOTE_BYTES) break;
    end += character.length;
  }
  return `${note.slice(0, end)}…`;
}
