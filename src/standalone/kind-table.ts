import { type CustomResourceDefinition, imageCrd, imageStreamCrd, imageStreamImportCrd } from '../api/crd.ts';
import { completeDefinition } from './definitions.ts';
import type { Kind } from './kinds.ts';
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
    mergeKeys: {},
    unconditionalUpdate: true,
    columns: [],
    ...parts,
  };
}

const workload = {
  categories: ['all'],
  statusSubresource: true,
  generations: true,
} as const;

/** What kubectl's patches merge by key in the Pods of a workload, below its template. */
function podKeys(template: string): Readonly<Record<string, string>> {
  const keys: [string, string][] = [
    ['volumes', 'name'],
    ['imagePullSecrets', 'name'],
    ['hostAliases', 'ip'],
    ['topologySpreadConstraints', 'topologyKey'],
  ];
  for (const containers of ['containers', 'initContainers', 'ephemeralContainers']) {
    keys.push([containers, 'name'], [`${containers}.ports`, 'containerPort'], [`${containers}.env`, 'name']);
    keys.push([`${containers}.volumeMounts`, 'mountPath'], [`${containers}.volumeDevices`, 'devicePath']);
  }
  return Object.fromEntries(keys.map(([path, key]) => [`${template}${path}`, key]));
}

const conditionKeys = { 'status.conditions': 'type' };
const templateKeys = { ...conditionKeys, ...podKeys('spec.template.spec.') };

const builtIn: readonly Kind[] = [
  core({
    group: '',
    version: 'v1',
    kind: 'Namespace',
    shortNames: ['ns'],
    namespaced: false,
    statusSubresource: true,
    mergeKeys: conditionKeys,
    complete: completeNamespace,
  }),
  core({ group: '', version: 'v1', kind: 'Secret' }),
  core({ group: '', version: 'v1', kind: 'ConfigMap', shortNames: ['cm'] }),
  core({ group: '', version: 'v1', kind: 'ServiceAccount', shortNames: ['sa'], mergeKeys: { secrets: 'name' } }),
  core({ group: '', version: 'v1', kind: 'Event', shortNames: ['ev'] }),
  core({ group: 'events.k8s.io', version: 'v1', kind: 'Event', shortNames: ['ev'], storedAs: eventForm() }),
  core({ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', unconditionalUpdate: false }),
  core({
    ...workload,
    group: '',
    version: 'v1',
    kind: 'Pod',
    shortNames: ['po'],
    generations: false,
    mergeKeys: { ...conditionKeys, ...podKeys('spec.') },
  }),
  core({
    ...workload,
    group: 'apps',
    version: 'v1',
    kind: 'Deployment',
    mergeKeys: templateKeys,
    shortNames: ['deploy'],
  }),
  core({
    ...workload,
    group: 'apps',
    version: 'v1',
    kind: 'StatefulSet',
    mergeKeys: templateKeys,
    shortNames: ['sts'],
  }),
  core({ ...workload, group: 'apps', version: 'v1', kind: 'DaemonSet', mergeKeys: templateKeys, shortNames: ['ds'] }),
  core({
    ...workload,
    group: 'batch',
    version: 'v1',
    kind: 'CronJob',
    mergeKeys: podKeys('spec.jobTemplate.spec.template.spec.'),
    shortNames: ['cj'],
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
    mergeKeys: conditionKeys,
    complete: completeDefinition,
  }),
];

/** Every kind that the embedded API server serves. */
export const KINDS: readonly Kind[] = [...builtIn, ...custom];

function eventForm() {
  return {
    group: '',
    version: 'v1',
    plural: 'events',
    fields: {
      regarding: 'involvedObject',
      note: 'message',
      reportingController: 'reportingComponent',
      deprecatedSource: 'source',
      deprecatedFirstTimestamp: 'firstTimestamp',
      deprecatedLastTimestamp: 'lastTimestamp',
      deprecatedCount: 'count',
    },
  };
}
