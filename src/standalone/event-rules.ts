import { type FieldError, invalidField, requiredField } from '../api/field-error.ts';
import type { TypedObject } from '../api/meta.ts';
import { sameJson, textOf } from './json.ts';
import { qualifiedNameFaults } from './metadata-rules.ts';
import { checkMicroTimes, fieldAt } from './micro-time.ts';

const EVENT = { kind: 'Event', version: 'v1' };
const TIMES = ['eventTime', 'series.lastObservedTime'];
const LIFE_MS = 3_600_000;
const MAX_NOTE_BYTES = 1_024;
const MAX_BYTES = 128;

/** Fields that either group calls otherwise. */
interface Words {
  readonly subject: string;
  readonly controller: string;
  readonly note: string;
}
const OLD: Words = { subject: 'involvedObject', controller: 'reportingComponent', note: 'message' };
const NEW: Words = { subject: 'regarding', controller: 'reportingController', note: 'note' };

/** By their names in the core group, which the API server tells in either. */
const IMMUTABLE: Readonly<Record<string, string>> = {
  regarding: 'involvedObject',
  reason: 'reason',
  note: 'message',
  type: 'type',
  eventTime: 'eventTime',
  action: 'action',
  related: 'related',
  reportingController: 'reportingController',
  reportingInstance: 'reportingInstance',
};
/** What those who write by the new API must leave to the old one. */
const DEPRECATED: Readonly<Record<string, string>> = {
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
};

/** As on a cluster, an hour after it last happened. `event` is as it is stored. */
export function eventExpired(event: TypedObject, nowMs: number): boolean {
  const times = [
    event.metadata.creationTimestamp ?? '',
    textAt(event, 'series.lastObservedTime'),
    textAt(event, 'lastTimestamp'),
  ];
  return times.every(time => Number.isNaN(Date.parse(time)) || nowMs - Date.parse(time) > LIFE_MS);
}

/** What is wrong with an Event of the core group: of one without an `eventTime` little is asked. */
export function coreEventErrors(event: TypedObject): FieldError[] {
  checkMicroTimes(EVENT, event, TIMES);
  return commonErrors(event, OLD);
}

/** What is wrong with an Event of `events.k8s.io`. */
export function eventErrors(event: TypedObject, before: TypedObject | undefined): FieldError[] {
  checkMicroTimes(EVENT, event, TIMES);
  const ofNew = before === undefined ? newEventErrors(event) : changeErrors(event, before);
  return [...commonErrors(event, NEW), ...ofNew, ...seriesErrors(event)];
}

function commonErrors(event: TypedObject, words: Words): FieldError[] {
  const isOld = textAt(event, 'eventTime') === '';
  const errors = subjectErrors(event, words, isOld);
  if (isOld) return errors;
  const controller = textAt(event, words.controller);
  if (controller === '') errors.push(requiredField(words.controller));
  for (const why of qualifiedNameFaults(controller)) errors.push(invalidField(words.controller, controller, why));
  for (const name of ['reportingInstance', 'action', 'reason']) {
    if (textAt(event, name) === '') errors.push(requiredField(name));
    else if (Buffer.byteLength(textAt(event, name)) > MAX_BYTES) errors.push(tooLong(name, MAX_BYTES));
  }
  if (Buffer.byteLength(textAt(event, words.note)) > MAX_NOTE_BYTES) errors.push(tooLong('message', MAX_NOTE_BYTES));
  return errors;
}

/** An Event lies in the namespace of what it is about; about what has none, in one of these. */
function subjectErrors({ metadata, ...event }: TypedObject, { subject }: Words, isOld: boolean): FieldError[] {
  const namespace = textAt(event, `${subject}.namespace`);
  const allowed = isOld ? ['default'] : ['default', 'kube-system'];
  // A new one about something in another namespace is let pass.
  const isRight =
    namespace === '' ? allowed.includes(metadata.namespace ?? '') : !isOld || namespace === metadata.namespace;
  return isRight ? [] : [invalidField('involvedObject.namespace', namespace, 'does not match event.namespace')];
}

function newEventErrors(event: TypedObject): FieldError[] {
  const errors: FieldError[] = [];
  const type = textAt(event, 'type');
  if (textAt(event, 'eventTime') === '') errors.push(requiredField('eventTime'));
  if (!['Normal', 'Warning'].includes(type)) errors.push(invalidField('type', '', `has invalid value: ${type}`));
  for (const [name, told] of Object.entries(DEPRECATED)) {
    if (fieldAt(event, name) !== undefined) errors.push(invalidField(told, '', 'needs to be unset'));
  }
  return errors;
}

function changeErrors(event: TypedObject, before: TypedObject): FieldError[] {
  const changed = Object.entries(IMMUTABLE).filter(([name]) => !sameJson(fieldAt(event, name), fieldAt(before, name)));
  return changed.map(([name, told]) => invalidField(told, fieldAt(event, name), 'field is immutable'));
}

function seriesErrors(event: TypedObject): FieldError[] {
  if (fieldAt(event, 'series') === undefined) return [];
  const count = fieldAt(event, 'series.count');
  const isFew = typeof count !== 'number' || count < 2;
  return [
    ...(isFew ? [invalidField('series.count', '', 'should be at least 2')] : []),
    ...(fieldAt(event, 'series.lastObservedTime') === undefined ? [requiredField('series.lastObservedTime')] : []),
  ];
}

function tooLong(path: string, most: number): FieldError {
  return invalidField(path, '', `can have at most ${most} characters`);
}

function textAt(event: object, path: string): string {
  return textOf(fieldAt(event, path) ?? '');
}
