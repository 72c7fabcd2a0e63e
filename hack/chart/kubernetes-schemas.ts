import { closed, type ValueSchema } from './value.ts';

// Parts of Pods and of other kinds that the chart passes on. The upper levels are closed, so that a typing error is
// refused before anything is sent; what lies deeper the API server refuses.

const string: ValueSchema = { type: 'string' };
const integer: ValueSchema = { type: 'integer' };
const boolean: ValueSchema = { type: 'boolean' };
const strings: ValueSchema = { type: 'array', items: string };
/** Anything below this is for the API server to judge. */
const any: ValueSchema = { type: 'object' };
const anyList: ValueSchema = { type: 'array', items: any };
/** `500m`, `2`, `1.5Gi`. */
const quantity: ValueSchema = { type: ['string', 'number'], pattern: '^[0-9]+(\\.[0-9]+)?([mkKMGTPE]i?)?$' };
const quantities: ValueSchema = { type: 'object', additionalProperties: quantity };

export const resources = closed({ limits: quantities, requests: quantities, claims: anyList });

export const toleration = closed({
  key: string,
  operator: { enum: ['Exists', 'Equal', 'Lt', 'Gt'] },
  value: string,
  effect: { enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] },
  tolerationSeconds: integer,
});

export const affinity = closed({
  nodeAffinity: closed({
    requiredDuringSchedulingIgnoredDuringExecution: any,
    preferredDuringSchedulingIgnoredDuringExecution: anyList,
  }),
  podAffinity: podAffinity(),
  podAntiAffinity: podAffinity(),
});

function podAffinity(): ValueSchema {
  return closed({
    requiredDuringSchedulingIgnoredDuringExecution: anyList,
    preferredDuringSchedulingIgnoredDuringExecution: anyList,
  });
}

export const topologySpreadConstraint = closed(
  {
    maxSkew: { type: 'integer', minimum: 1 },
    topologyKey: string,
    whenUnsatisfiable: { enum: ['DoNotSchedule', 'ScheduleAnyway'] },
    labelSelector: any,
    matchLabelKeys: strings,
    minDomains: integer,
    nodeAffinityPolicy: { enum: ['Honor', 'Ignore'] },
    nodeTaintsPolicy: { enum: ['Honor', 'Ignore'] },
  },
  ['maxSkew', 'topologyKey', 'whenUnsatisfiable'],
);

const profile = closed({ type: { enum: ['RuntimeDefault', 'Localhost', 'Unconfined'] }, localhostProfile: string });

export const podSecurityContext = closed({
  runAsUser: integer,
  runAsGroup: integer,
  runAsNonRoot: boolean,
  fsGroup: integer,
  fsGroupChangePolicy: { enum: ['OnRootMismatch', 'Always'] },
  supplementalGroups: { type: 'array', items: integer },
  supplementalGroupsPolicy: { enum: ['Merge', 'Strict'] },
  seLinuxOptions: any,
  seLinuxChangePolicy: { enum: ['MountOption', 'Recursive'] },
  seccompProfile: profile,
  appArmorProfile: profile,
  sysctls: anyList,
});

export const containerSecurityContext = closed({
  runAsUser: integer,
  runAsGroup: integer,
  runAsNonRoot: boolean,
  allowPrivilegeEscalation: boolean,
  readOnlyRootFilesystem: boolean,
  privileged: boolean,
  capabilities: closed({ add: strings, drop: strings }),
  seLinuxOptions: any,
  seccompProfile: profile,
  appArmorProfile: profile,
  procMount: { enum: ['Default', 'Unmasked'] },
});

export const envVar = closed({ name: { type: 'string', minLength: 1 }, value: string, valueFrom: any }, ['name']);

export const envFrom = closed({ prefix: string, configMapRef: any, secretRef: any });

export const probe = closed({
  initialDelaySeconds: integer,
  periodSeconds: integer,
  timeoutSeconds: integer,
  failureThreshold: integer,
  successThreshold: integer,
});

export const updateStrategy = closed({
  type: { enum: ['RollingUpdate', 'Recreate'] },
  rollingUpdate: closed({ maxSurge: { type: ['integer', 'string'] }, maxUnavailable: { type: ['integer', 'string'] } }),
});

export const secretName = closed({ name: { type: 'string', minLength: 1 } }, ['name']);

const keyed = closed({ name: { type: 'string', minLength: 1 }, key: { type: 'string', minLength: 1 } }, [
  'name',
  'key',
]);

/** A file with certificates, from one place. */
export const caBundle: ValueSchema = {
  ...closed({ name: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }, configMap: keyed, secret: keyed }, [
    'name',
  ]),
  oneOf: [{ required: ['configMap'] }, { required: ['secret'] }],
};

/** `name` and one key for the kind of volume. */
export const volume: ValueSchema = { type: 'object', required: ['name'] };

export const volumeMount = closed(
  {
    name: string,
    mountPath: string,
    subPath: string,
    subPathExpr: string,
    readOnly: boolean,
    mountPropagation: string,
  },
  ['name', 'mountPath'],
);

/** Who, in a NetworkPolicy. */
export const networkPeer = closed({
  podSelector: any,
  namespaceSelector: any,
  ipBlock: closed({ cidr: string, except: strings }, ['cidr']),
});

export const networkEgress = closed({
  to: { type: 'array', items: networkPeer },
  ports: {
    type: 'array',
    items: closed({ protocol: string, port: { type: ['integer', 'string'] }, endPort: integer }),
  },
});

/** A step of Prometheus' relabelling. */
export const relabeling = closed({
  sourceLabels: strings,
  separator: string,
  targetLabel: string,
  regex: string,
  modulus: integer,
  replacement: string,
  action: string,
});
