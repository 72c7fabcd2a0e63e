import { registriesSchema } from '../../src/config/registries-schema.ts';
import * as kubernetes from './kubernetes-schemas.ts';
import { optionValues } from './option-values.ts';
import { closedSchema } from './schema.ts';
import { choice, count, flag, list, object, text, texts, type ValueGroup, type ValueTable } from './value.ts';

const OWN = 'namespace of the release unless told';

/**
 * Every value of the Helm chart. The source of values.yaml, its JSON schema and the table of the README: whatever is not
 * here is refused.
 */
export const VALUES: ValueTable = {
  nameOverride: text('Replaces the name of the chart in names and labels; an upgrade cannot change it.'),
  fullnameOverride: text('Replaces the name of every object; the Lease keeps its own.', '', {
    pattern: '^([a-z]([-a-z0-9]*[a-z0-9])?)?$',
  }),
  labels: texts('Labels of every object, besides the usual ones, which stay as they are.'),

  image: {
    about: 'Image of the operator.',
    values: {
      repository: text('Registry and repository.', 'imagestream-operator', { minLength: 1 }),
      tag: text('Tag; unless told, the version of the chart.'),
      digest: text('Digest (sha256:…), which outweighs the tag.', '', { pattern: '^(sha256:[0-9a-f]{64})?$' }),
      pullPolicy: choice('When the image is pulled.', 'IfNotPresent', ['IfNotPresent', 'Always', 'Never']),
    },
  },
  imagePullSecrets: list(
    'Secrets of the namespace that the image is pulled with, as `- name: …`.',
    kubernetes.secretName,
  ),

  replicas: count('One leads; another has everything watched and takes over within the lease duration.', 2),
  watchNamespaces: list(
    'Namespaces whose image streams are looked after; empty for all. Named ones must exist, and get a Role each: no ClusterRole for Secrets is made.',
    { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 },
  ),
  defaultPullSecret: text(
    'NAMESPACE/NAME of a Secret whose credentials are tried once those of the namespace of a stream are rejected, or it has none.',
    '',
    { pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$' },
  ),
  options: {
    about: 'Options of the operator, as docs/reference/options.md has them; an empty text leaves one out.',
    values: optionValues(),
  },
  registriesFile: object(
    'Limits, certificates, mirrors and policy per registry: the keys of docs/reference/registries.md, less apiVersion and kind. A change is taken up without a restart.',
    closedSchema(registriesSchema, ['apiVersion', 'kind']),
  ),
  registriesFileFrom: {
    about: 'A ConfigMap that holds the whole registries file, in place of registriesFile.',
    values: {
      configMap: text('Its name.'),
      key: text('Its key.', 'registries.yaml', { minLength: 1 }),
    },
  },
  caBundles: list(
    'Certificates of private authorities, each from a ConfigMap or a Secret of the namespace: `{name: corp, configMap: {name: …, key: …}}` is `caFile: ca/corp.pem` in the registries file.',
    kubernetes.caBundle,
  ),
  proxy: {
    about: 'Proxy that registries are reached through; the API server is asked directly.',
    values: {
      https: text('HTTPS_PROXY; one with a password is better taken from a Secret, by extraEnv.'),
      http: text('HTTP_PROXY.'),
      noProxy: text('NO_PROXY: hosts, domains and networks, with commas between them.'),
    },
  },
  extraArgs: list('More arguments of the operator, after all others.', { type: 'string', minLength: 1 }),
  extraEnv: list('More environment variables; one of the same name replaces the own one.', kubernetes.envVar),
  extraEnvFrom: list('ConfigMaps and Secrets whose keys become environment variables.', kubernetes.envFrom),
  extraVolumes: list('More volumes of the Pods.', kubernetes.volume),
  extraVolumeMounts: list('Where the container has them.', kubernetes.volumeMount),

  resources: object('Requests and limits of the container.', kubernetes.resources, {
    requests: { cpu: '50m', memory: '128Mi' },
    limits: { memory: '512Mi' },
  }),
  heapMiB: count(
    'Limit of the JavaScript heap; 0 for five eighths of the memory limit, which leaves room for what is not on the heap.',
    0,
  ),
  ...pods(),
  ...access(),
  ...serving(),
  ...monitoring(),
  networkPolicy: networkPolicy(),
  crds: {
    about: 'The CustomResourceDefinitions of ImageStream, ImageStreamImport and Image.',
    values: {
      install: flag(
        'Install and upgrade them with the release; else apply the folder crds/ by yourself, before.',
        true,
      ),
      keep: flag('Leave them where they are when the release is uninstalled: with them all streams would go.', true),
    },
  },
};

function pods(): ValueTable {
  return {
    podLabels: texts('Labels of the Pods.'),
    podAnnotations: texts('Annotations of the Pods.'),
    deploymentAnnotations: texts('Annotations of the Deployment.'),
    nodeSelector: texts('Labels that the nodes must have.'),
    tolerations: list('Taints that the Pods tolerate.', kubernetes.toleration),
    affinity: object('Nodes and Pods that they like to be near to or far from.', kubernetes.affinity),
    topologySpreadConstraints: list(
      'How they are spread; one without a labelSelector is about these Pods.',
      kubernetes.topologySpreadConstraint,
      [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' }],
    ),
    priorityClassName: text('Their priority class.'),
    runtimeClassName: text('Their runtime class.'),
    podSecurityContext: object('Security context of the Pods.', kubernetes.podSecurityContext, {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    }),
    securityContext: object('Security context of the container.', kubernetes.containerSecurityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    }),
    livenessProbe: object('Numbers of the probe of /healthz.', kubernetes.probe, {
      periodSeconds: 20,
      timeoutSeconds: 5,
    }),
    readinessProbe: object('Numbers of the probe of /readyz.', kubernetes.probe, {
      periodSeconds: 5,
      timeoutSeconds: 5,
    }),
    terminationGracePeriodSeconds: count('Time to end in order; longer than options.shutdownGrace.', 40),
    updateStrategy: object(
      'How Pods are replaced; unless told, Recreate without leader election, since two must not work at once.',
      kubernetes.updateStrategy,
    ),
    revisionHistoryLimit: count('Old ReplicaSets that are kept.', 3),
    podDisruptionBudget: {
      about: 'What a drain of nodes must leave running.',
      values: {
        enabled: flag('Make one.', true),
        maxUnavailable: { about: 'Pods, or a percentage.', default: 1, schema: { type: ['integer', 'string'] } },
      },
    },
  };
}

function access(): ValueTable {
  return {
    serviceAccount: {
      about: 'Who the operator is to the API server.',
      values: {
        create: flag('Make one; else name one.', true),
        name: text('Its name; unless told, that of the release.'),
        annotations: texts('Its annotations.'),
      },
    },
    rbac: {
      about: 'Rights.',
      values: {
        create: flag('Make the roles that the operator needs, and their bindings.', true),
        userRoles: flag(
          'Let those with the roles view, edit and admin of a namespace see its streams and imports, or work with them.',
          true,
        ),
      },
    },
  };
}

function serving(): ValueTable {
  const port = { minimum: 1, maximum: 65_535 };
  return {
    metrics: { about: 'What Prometheus reads.', values: { port: count('Port of /metrics.', 8080, port) } },
    health: { about: 'What the kubelet asks.', values: { port: count('Port of /healthz and /readyz.', 8081, port) } },
    service: {
      about: 'Service of /metrics.',
      values: {
        enabled: flag('Make one.', true),
        type: choice('Its type.', 'ClusterIP', ['ClusterIP', 'NodePort', 'LoadBalancer']),
        port: count('Its port.', 8080, port),
        annotations: texts('Its annotations.'),
        labels: texts('Its labels.'),
      },
    },
  };
}

function monitoring(): ValueTable {
  const duration = { pattern: '^([0-9]+(ms|[smh]))*$' };
  const monitor = (about: string): ValueGroup => ({
    about,
    values: {
      enabled: flag('Make one.', false),
      namespace: text(`Where; ${OWN}.`),
      labels: texts('Labels by which Prometheus finds it.'),
      interval: text("How often; unless told, Prometheus' own interval.", '', duration),
      scrapeTimeout: text('How long an answer may take.', '', duration),
      relabelings: list('Relabelling of the target.', kubernetes.relabeling),
      metricRelabelings: list('Relabelling of its metrics.', kubernetes.relabeling),
    },
  });
  return {
    serviceMonitor: monitor('ServiceMonitor of the Prometheus Operator; needs the Service.'),
    podMonitor: monitor('PodMonitor, for who has no Service. One of the two is enough.'),
    prometheusRule: {
      about: 'PrometheusRule with the alerts of docs/reference/alerts.md.',
      values: {
        enabled: flag('Make one.', false),
        namespace: text(`Where; ${OWN}.`),
        labels: texts('Labels by which Prometheus finds it.'),
        alertLabels: texts('Labels of every alert, such as the team that is told; they outweigh own ones.'),
        without: list('Names of alerts that are left out.', { type: 'string', minLength: 1 }),
      },
    },
    dashboard: {
      about: "ConfigMap with the dashboard, for Grafana's sidecar.",
      values: {
        enabled: flag('Make one.', false),
        namespace: text(`Where; ${OWN}.`),
        labels: texts('Labels by which the sidecar finds it.', { grafana_dashboard: '1' }),
        annotations: texts('Its annotations, such as the folder.'),
      },
    },
  };
}

function networkPolicy(): ValueGroup {
  return {
    about: 'Who may reach the Pods, and whom they reach.',
    values: {
      enabled: flag('Make one.', false),
      metricsFrom: list('Who may read metrics; empty for everybody.', kubernetes.networkPeer),
      egress: list(
        'Replaces what they may reach: DNS, and by TCP any address but those where clouds hand out credentials. The API server is to be among it.',
        kubernetes.networkEgress,
      ),
    },
  };
}
