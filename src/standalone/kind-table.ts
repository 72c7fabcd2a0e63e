import { type CustomResourceDefinition, imageCrd, imageStreamCrd, imageStreamImportCrd } from '../api/crd.ts';
import * as columns from './core-columns.ts';
import { completeSecret, configMapErrors, secretErrors } from './data-rules.ts';
import { completeDefinition, definitionErrors } from './definitions.ts';
import { coreEventErrors, eventErrors, eventExpired } from './event-rules.ts';
import type { Kind } from './kinds.ts';
import { leaseErrors } from './lease-rules.ts';
import { CONDITION_KEYS, CRON_JOB_KEYS, POD_KEYS, SERVICE_ACCOUNT_KEYS, TEMPLATE_KEYS } from './merge-keys.ts';
import { completeNamespace } from './namespaces.ts';

/** Ours. */
export const CUSTOM_DEFINITIONS: readonly CustomResourceDefinition[] = [imageStreamCrd, imageStreamImportCrd, imageCrd];

const custom = CUSTOM_DEFINITIONS.flatMap(({ spec }) => {
  return spec.versions.map(({ name, schema, subresources, additionalPrinterColumns }): Kind => {
    const { shortNames = [], categories = [], ...names } = spec.names;
    return {
      ...names,
      group: spec.group,
      version: name,
      shortNames,
      categories,
      namespaced: spec.scope === 'Namespaced',
      statusSubresource: subresources !== undefined,
      generations: true,
      schema: schema.openAPIV3Schema,
      fields: [],
      mergeKeys: {},
      unconditionalUpdate: false,
      columns: additionalPrinterColumns,
    };
  });
});

type Names = Pick<Kind, 'group' | 'version' | 'kind'> & Partial<Omit<Kind, 'listKind' | 'singular'>>;

/** A kind of Kubernetes itself: namespaced, without a status subresource, unless `parts` says otherwise. */
function core(parts: Names): Kind {
  const singular = parts.kind.toLowerCase();
  return {
    plural: `${singular}s`,
    singular,
    listKind: `${parts.kind}List`,
    shortNames: [],
    categories: [],
    namespaced: true,
    statusSubresource: false,
    generations: false,
    fields: ['spec', 'status'],
    mergeKeys: {},
    unconditionalUpdate: true,
    columns: [],
    ...parts,
  };
}

/** Names of `events.k8s.io` and those of the core group, under which its Events are stored. */
const RENAMED_EVENT_FIELDS = {
  regarding: 'involvedObject',
  note: 'message',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
};

const EVENT_FIELDS = ['reason', 'type', 'eventTime', 'series', 'action', 'related', 'reportingInstance'];
const CORE_EVENT_FIELDS = [...EVENT_FIELDS, ...Object.values(RENAMED_EVENT_FIELDS)];

const CORE = { group: '', version: 'v1' };
const APPS = { group: 'apps', version: 'v1', generations: true };
/** Nobody runs them here; they are there to be looked at and patched. */
const WORKLOAD = { categories: ['all'], statusSubresource: true };

const builtIn: readonly Kind[] = [
  core({
    ...CORE,
    kind: 'Namespace',
    shortNames: ['ns'],
    namespaced: false,
    statusSubresource: true,
    mergeKeys: CONDITION_KEYS,
    columns: columns.NAMESPACE_COLUMNS,
    complete: completeNamespace,
  }),
  core({
    ...CORE,
    kind: 'Secret',
    fields: ['type', 'data', 'stringData', 'immutable'],
    columns: columns.SECRET_COLUMNS,
    complete: completeSecret,
    check: secretErrors,
  }),
  core({
    ...CORE,
    kind: 'ConfigMap',
    fields: ['data', 'binaryData', 'immutable'],
    shortNames: ['cm'],
    columns: columns.CONFIG_MAP_COLUMNS,
    check: configMapErrors,
  }),
  core({
    ...CORE,
    kind: 'ServiceAccount',
    fields: ['secrets', 'imagePullSecrets', 'automountServiceAccountToken'],
    shortNames: ['sa'],
    mergeKeys: SERVICE_ACCOUNT_KEYS,
  }),
  core({
    ...CORE,
    kind: 'Event',
    fields: CORE_EVENT_FIELDS,
    shortNames: ['ev'],
    columns: columns.EVENT_COLUMNS,
    check: coreEventErrors,
    expired: eventExpired,
  }),
  core({
    group: 'events.k8s.io',
    version: 'v1',
    kind: 'Event',
    fields: [...EVENT_FIELDS, ...Object.keys(RENAMED_EVENT_FIELDS)],
    shortNames: ['ev'],
    columns: columns.NEW_EVENT_COLUMNS,
    storedAs: { ...CORE, plural: 'events', fields: RENAMED_EVENT_FIELDS },
    check: eventErrors,
    expired: eventExpired,
  }),
  core({
    group: 'coordination.k8s.io',
    version: 'v1',
    kind: 'Lease',
    fields: ['spec'],
    unconditionalUpdate: false,
    columns: columns.LEASE_COLUMNS,
    check: leaseErrors,
  }),
  core({ ...WORKLOAD, ...CORE, kind: 'Pod', shortNames: ['po'], mergeKeys: POD_KEYS, columns: columns.POD_COLUMNS }),
  core({
    ...WORKLOAD,
    ...APPS,
    kind: 'Deployment',
    shortNames: ['deploy'],
    mergeKeys: TEMPLATE_KEYS,
    columns: columns.DEPLOYMENT_COLUMNS,
  }),
  core({
    ...WORKLOAD,
    ...APPS,
    kind: 'StatefulSet',
    shortNames: ['sts'],
    mergeKeys: TEMPLATE_KEYS,
    columns: columns.STATEFUL_SET_COLUMNS,
  }),
  core({
    ...WORKLOAD,
    ...APPS,
    kind: 'DaemonSet',
    shortNames: ['ds'],
    mergeKeys: TEMPLATE_KEYS,
    columns: columns.DAEMON_SET_COLUMNS,
  }),
  core({
    ...WORKLOAD,
    group: 'batch',
    version: 'v1',
    kind: 'CronJob',
    shortNames: ['cj'],
    generations: true,
    mergeKeys: CRON_JOB_KEYS,
    columns: columns.CRON_JOB_COLUMNS,
  }),
  core({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    namespaced: false,
    statusSubresource: true,
    generations: true,
    unconditionalUpdate: false,
    mergeKeys: CONDITION_KEYS,
    columns: columns.DEFINITION_COLUMNS,
    complete: completeDefinition,
    check: definitionErrors,
  }),
];

/** Every kind that the embedded API server serves. */
export const KINDS: readonly Kind[] = [...builtIn, ...custom];
