import { type FieldError, invalidField, requiredField } from '../api/field-error.ts';
import type { TypedObject } from '../api/meta.ts';
import { sameJson } from './json.ts';
import { qualifiedNameFaults } from './metadata-rules.ts';
import { checkMicroTimes, fieldAt } from './micro-time.ts';

const EVENT = { kind: 'Event', version: 'v1' };
const TIMES = ['eventTime', 'series.lastObservedTime'];
const MAX_NOTE_BYTES = 1_024;
const MAX_BYTES = 128;
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

/** What is wrong with an Event of the core group: little is asked of those. */
export function coreEventErrors(event: TypedObject): FieldError[] {
  checkMicroTimes(EVENT, event, TIMES);
  const namespace = fieldAt(event, 'involvedObject.namespace');
  if (namespace === undefined || namespace === '' || namespace === event.metadata.namespace) return [];
  return [invalidField('involvedObject.namespace', namespace, 'does not match event.namespace')];
}

/** What is wrong with an Event of `events.k8s.io`. */
export function eventErrors(event: TypedObject, before: TypedObject | undefined): FieldError[] {
  checkMicroTimes(EVENT, event, TIMES);
  return before === undefined ? newEventErrors(event) : [...changeErrors(event, before), ...seriesErrors(event)];
}

function newEventErrors(event: TypedObject): FieldError[] {
  const errors: FieldError[] = [];
  const text = (name: string) => String(fieldAt(event, name) ?? '');
  if (text('eventTime') === '') errors.push(requiredField('eventTime'));
  errors.push(...seriesErrors(event));
  const controller = text('reportingController');
  if (controller === '') errors.push(requiredField('reportingController'));
  for (const why of qualifiedNameFaults(controller)) errors.push(invalidField('reportingController', controller, why));
  for (const name of ['reportingInstance', 'action', 'reason']) {
    if (text(name) === '') errors.push(requiredField(name));
    else if (Buffer.byteLength(text(name)) > MAX_BYTES) errors.push(tooLong(name, MAX_BYTES));
  }
  if (!['Normal', 'Warning'].includes(text('type'))) {
    errors.push(invalidField('type', '', `has invalid value: ${text('type')}`));
  }
  if (Buffer.byteLength(text('note')) > MAX_NOTE_BYTES) errors.push(tooLong('message', MAX_NOTE_BYTES));
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
  const errors: FieldError[] = [];
  if (Number(fieldAt(event, 'series.count') ?? 0) < 2)
    errors.push(invalidField('series.count', '', 'should be at least 2'));
  if (fieldAt(event, 'series.lastObservedTime') === undefined) errors.push(requiredField('series.lastObservedTime'));
  return errors;
}

function tooLong(path: string, most: number): FieldError {
  return invalidField(path, '', `can have at most ${most} characters`);
}
