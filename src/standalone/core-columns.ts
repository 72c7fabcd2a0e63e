import type { TypedObject } from '../api/meta.ts';
import { isJsonObject, textOf } from './json.ts';
import type { Column } from './kinds.ts';
import { fieldAt } from './micro-time.ts';

/* What kubectl prints of the kinds of Kubernetes itself: the columns that tell something here. */

const age = column('Age', 'date', '.metadata.creationTimestamp', 'When the object was created.');

export const NAMESPACE_COLUMNS = [column('Status', 'string', '.status.phase', 'Active or Terminating.'), age];

export const SECRET_COLUMNS = [
  column('Type', 'string', '.type', 'What the data is for.'),
  counted('Data', '.data', 'How many pieces of data there are.'),
  age,
];

export const CONFIG_MAP_COLUMNS = [
  {
    ...counted('Data', '.data', 'How many pieces of data there are.'),
    value: (object: TypedObject) => sizeOf(object, 'data') + sizeOf(object, 'binaryData'),
  },
  age,
];

export const EVENT_COLUMNS = eventColumns('involvedObject', 'message');
/** The same in the words of `events.k8s.io`. */
export const NEW_EVENT_COLUMNS = eventColumns('regarding', 'note');

export const LEASE_COLUMNS = [column('Holder', 'string', '.spec.holderIdentity', 'Who holds it.'), age];

export const POD_COLUMNS = [column('Status', 'string', '.status.phase', 'Phase of the pod.'), age];

export const DEPLOYMENT_COLUMNS = [
  ready('readyReplicas', '.spec.replicas'),
  column('Up-to-date', 'integer', '.status.updatedReplicas', 'How many are of the latest template.'),
  column('Available', 'integer', '.status.availableReplicas', 'How many are available.'),
  age,
];

export const STATEFUL_SET_COLUMNS = [ready('readyReplicas', '.spec.replicas'), age];

export const DAEMON_SET_COLUMNS = [
  column('Desired', 'integer', '.status.desiredNumberScheduled', 'How many there should be.'),
  column('Ready', 'integer', '.status.numberReady', 'How many are ready.'),
  age,
];

export const CRON_JOB_COLUMNS = [
  column('Schedule', 'string', '.spec.schedule', 'When it runs.'),
  column('Suspend', 'string', '.spec.suspend', 'Whether it does not.'),
  column('Last Schedule', 'date', '.status.lastScheduleTime', 'When it was last to run.'),
  age,
];

export const DEFINITION_COLUMNS = [
  column('Created At', 'string', '.metadata.creationTimestamp', 'When the definition was created.'),
];

function eventColumns(subject: string, note: string): readonly Column[] {
  return [
    {
      ...column('Last Seen', 'date', '.eventTime', 'When it last happened.'),
      value: object => text(object, 'series.lastObservedTime', 'lastTimestamp', 'deprecatedLastTimestamp', 'eventTime'),
    },
    column('Type', 'string', '.type', 'Normal or Warning.'),
    column('Reason', 'string', '.reason', 'What happened, in one word.'),
    {
      ...column('Object', 'string', `.${subject}.name`, 'What it is about.'),
      value: object =>
        `${text(object, `${subject}.kind`)?.toLowerCase() ?? ''}/${text(object, `${subject}.name`) ?? ''}`,
    },
    column('Message', 'string', `.${note}`, 'What happened.'),
  ];
}

function ready(field: string, wanted: string): Column {
  return {
    ...column('Ready', 'string', `.status.${field}`, 'How many of how many are ready.'),
    value: object =>
      `${textOf(fieldAt(object, `status.${field}`) ?? 0)}/${textOf(fieldAt(object, wanted.slice(1)) ?? 1)}`,
  };
}

function counted(name: string, jsonPath: string, description: string): Column {
  return { ...column(name, 'integer', jsonPath, description), value: object => sizeOf(object, jsonPath.slice(1)) };
}

function sizeOf(object: TypedObject, path: string): number {
  const value = fieldAt(object, path);
  return isJsonObject(value) ? Object.keys(value).length : 0;
}

/** The first of these that is there. */
function text(object: TypedObject, ...paths: readonly string[]): string | undefined {
  return paths.map(path => fieldAt(object, path)).find(value => typeof value === 'string');
}

function column(name: string, type: Column['type'], jsonPath: string, description: string): Column {
  return { name, type, jsonPath, description };
}
