/** Values a label can have: a closed list, or in words what they are. */
export type LabelValues = readonly string[] | string;

/** One row of the table of metrics (design D32). */
export interface MetricRow {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Never a stream, a namespace or a tag: their number has no bound. */
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
}

/** Distinct registries, hosts and reasons that get a label value of their own; those after them share one. */
export const LABEL_LIMITS = { registry: 100, host: 100, reason: 50 } as const;
/** The value that they share. */
export const OTHER = 'other';

const REGISTRY = `registry of the pull spec, \`docker.io\` for short names, empty for one that cannot be read; after ${LABEL_LIMITS.registry} of them \`${OTHER}\``;
const HOST = `host that is spoken to; after ${LABEL_LIMITS.host} of them \`${OTHER}\``;
const REASON = `reason of the failure as conditions name it; after ${LABEL_LIMITS.reason} of them \`${OTHER}\``;
const DUE = ['neverImported', 'specChanged', 'requested', 'secretsChanged', 'retry', 'scheduled'] as const;
const QUEUE = 'work queue: `streams`, `imports`';
const RESOURCE = 'plural of the kind';
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** Every metric there is, but for those of the process. Seconds and bytes only; counters end in `_total`. */
export const METRICS = {
  tagChecks: {
    name: 'imagestream_operator_tag_checks_total',
    type: 'counter',
    help: 'Checks of tags that came back, by why they were due and what came of them.',
    labels: { registry: REGISTRY, outcome: ['unchanged', 'imported', 'failed'], reason: DUE },
  },
  openshiftSuccesses: {
    name: 'openshift_imagestreamcontroller_success_count',
    type: 'counter',
    help: 'Counts successful image stream imports, scheduled or not, per registry; named as in OpenShift.',
    labels: { scheduled: 'whether the schedule asked: `true`, `false`', registry: REGISTRY },
  },
  openshiftErrors: {
    name: 'openshift_imagestreamcontroller_error_count',
    type: 'counter',
    help: 'Counts failed image stream imports, scheduled or not, per registry and reason; named as in OpenShift.',
    labels: { scheduled: 'whether the schedule asked: `true`, `false`', registry: REGISTRY, reason: REASON },
  },
  tagCheckSeconds: {
    name: 'imagestream_operator_tag_check_duration_seconds',
    type: 'histogram',
    help: 'Time from asking for a tag to its result, with the wait for its lane.',
    labels: { registry: REGISTRY },
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  scheduleLagSeconds: {
    name: 'imagestream_operator_schedule_lag_seconds',
    type: 'histogram',
    help: 'How late scheduled checks of tags began, after their slot.',
    labels: {},
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
  },
  importEntries: {
    name: 'imagestream_operator_import_entries_total',
    type: 'counter',
    help: 'Images and repositories that ImageStreamImports and streams asked to import as such, by result.',
    labels: { registry: REGISTRY, outcome: ['succeeded', 'failed'] },
  },
  kubeRequests: {
    name: 'imagestream_operator_kube_requests_total',
    type: 'counter',
    help: 'Requests to the API server; one that is tried again counts each time.',
    labels: { verb: 'in the words of RBAC', resource: RESOURCE, code: 'status, or `none` when no answer came' },
  },
  kubeRequestSeconds: {
    name: 'imagestream_operator_kube_request_duration_seconds',
    type: 'histogram',
    help: 'Time until the API server had answered; for a watch, until it began.',
    labels: { verb: 'in the words of RBAC', resource: RESOURCE },
    buckets: REQUEST_BUCKETS,
  },
  kubeLists: {
    name: 'imagestream_operator_kube_lists_total',
    type: 'counter',
    help: 'Collections listed as a whole: at first, because a watch had expired, or because watching led nowhere.',
    labels: { resource: RESOURCE, reason: '`first`, `expired`, `fruitless`' },
  },
  kubeListSeconds: {
    name: 'imagestream_operator_kube_list_duration_seconds',
    type: 'histogram',
    help: 'Time to list a collection as a whole.',
    labels: { resource: RESOURCE },
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  kubeWatchEnds: {
    name: 'imagestream_operator_kube_watch_ends_total',
    type: 'counter',
    help: 'Watches that are over, each of which is begun again.',
    labels: { resource: RESOURCE, how: '`ended` by the server, `failed`' },
  },
  kubeWatchEvents: {
    name: 'imagestream_operator_kube_watch_events_total',
    type: 'counter',
    help: 'Events that came through watches.',
    labels: { resource: RESOURCE, type: '`ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK`, `ERROR`' },
  },
  kubeSinkFailures: {
    name: 'imagestream_operator_kube_sink_failures_total',
    type: 'counter',
    help: 'Objects that could not be taken in. Each is a fault of the operator.',
    labels: { resource: RESOURCE },
  },
  writes: {
    name: 'imagestream_operator_writes_total',
    type: 'counter',
    help: 'Writes of objects: stored, in conflict with another writer (and computed again), or refused for good.',
    labels: {
      kind: ['imagestreams', 'imagestreamimports', 'images'],
      outcome: ['written', 'conflict', 'refused'],
    },
  },
  reconcileSeconds: {
    name: 'imagestream_operator_reconcile_duration_seconds',
    type: 'histogram',
    help: 'Time that one piece of work of a controller took.',
    labels: { controller: ['streams', 'imports'] },
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10],
  },
  reconcileFailures: {
    name: 'imagestream_operator_reconcile_failures_total',
    type: 'counter',
    help: 'Pieces of work that failed and are tried again.',
    labels: { controller: ['streams', 'imports'] },
  },
  kubernetesEvents: {
    name: 'imagestream_operator_kubernetes_events_total',
    type: 'counter',
    help: 'Kubernetes Events: sent, dropped because there were too many, or failed at the API server.',
    labels: { outcome: ['sent', 'dropped', 'failed'] },
  },
  registryRequests: {
    name: 'imagestream_operator_registry_requests_total',
    type: 'counter',
    help: 'Requests to registries, token servers and where they redirect to.',
    labels: {
      host: HOST,
      method: '`HEAD`, `GET`, `POST`',
      code: 'class of the status: `2xx` to `5xx`, or `none` when no answer came',
    },
  },
  registryRequestSeconds: {
    name: 'imagestream_operator_registry_request_duration_seconds',
    type: 'histogram',
    help: 'Time that requests to registries took, without the wait for their lane.',
    labels: { host: HOST },
    buckets: REQUEST_BUCKETS,
  },
  digestHeaderMismatches: {
    name: 'imagestream_operator_registry_digest_header_mismatches_total',
    type: 'counter',
    help: 'Answers whose header named another digest than their content has.',
    labels: { host: HOST },
  },
  realmsNotTrusted: {
    name: 'imagestream_operator_registry_realms_not_trusted_total',
    type: 'counter',
    help: 'Times a registry sent us to a token server that gets no credentials of ours.',
    labels: { host: HOST },
  },
  credentialRefusals: {
    name: 'imagestream_operator_registry_credential_refusals_total',
    type: 'counter',
    help: 'Times a registry or its token service refused a credential that it was shown; that rests for ten minutes then, or longer.',
    labels: { host: HOST },
  },
  credentialsRejected: {
    name: 'imagestream_operator_registry_credentials_rejected_total',
    type: 'counter',
    help: 'Repositories that were asked without credentials because the registry rejected those of the pull secrets; once a day each.',
    labels: { host: HOST },
  },
  pullQuotaRemaining: {
    name: 'imagestream_operator_registry_pull_quota_remaining',
    type: 'gauge',
    help: 'Pulls that a registry says are left, as last heard.',
    labels: { host: HOST, identity: '`anonymous`, `credential`' },
  },
  pullQuotaLimit: {
    name: 'imagestream_operator_registry_pull_quota_limit',
    type: 'gauge',
    help: 'Pulls that a registry allows in its period, as last heard.',
    labels: { host: HOST, identity: '`anonymous`, `credential`' },
  },
  laneInFlight: {
    name: 'imagestream_operator_lane_in_flight',
    type: 'gauge',
    help: 'Requests under way.',
    labels: { host: HOST },
  },
  laneWaiting: {
    name: 'imagestream_operator_lane_waiting',
    type: 'gauge',
    help: 'Requests that wait for their turn.',
    labels: { host: HOST },
  },
  lanePausedSeconds: {
    name: 'imagestream_operator_lane_paused_seconds',
    type: 'gauge',
    help: 'Rest of the pause that a registry asked for.',
    labels: { host: HOST },
  },
  laneBreakerOpen: {
    name: 'imagestream_operator_lane_breaker_open',
    type: 'gauge',
    help: '1 while the host counts as down and is asked only now and then.',
    labels: { host: HOST },
  },
  laneRequestsPerSecond: {
    name: 'imagestream_operator_lane_requests_per_second',
    type: 'gauge',
    help: 'Pace in force.',
    labels: { host: HOST },
  },
  streams: {
    name: 'imagestream_operator_streams',
    type: 'gauge',
    help: 'Image streams known.',
    labels: {},
  },
  tags: {
    name: 'imagestream_operator_tags',
    type: 'gauge',
    help: 'Tags to be imported, by how their last import went; told by the replica that leads, counted every minute or more seldom.',
    labels: { registry: REGISTRY, state: ['imported', 'failing', 'neverWorked', 'waiting'] },
  },
  tagsScheduled: {
    name: 'imagestream_operator_tags_scheduled',
    type: 'gauge',
    help: 'Tags of these that the schedule re-checks.',
    labels: { registry: REGISTRY },
  },
  tagsLate: {
    name: 'imagestream_operator_tags_late',
    type: 'gauge',
    help: 'Scheduled tags that no check has come back for in more than two of their intervals.',
    labels: { registry: REGISTRY },
  },
  tagsInFlight: {
    name: 'imagestream_operator_tags_in_flight',
    type: 'gauge',
    help: 'Tags whose check is under way.',
    labels: {},
  },
  streamsWaiting: {
    name: 'imagestream_operator_streams_waiting',
    type: 'gauge',
    help: 'Streams with tags that are due and wait until others of their registry have come back.',
    labels: {},
  },
  importsRunning: {
    name: 'imagestream_operator_imports_running',
    type: 'gauge',
    help: 'ImageStreamImports being carried out.',
    labels: {},
  },
  queueDepth: {
    name: 'imagestream_operator_queue_depth',
    type: 'gauge',
    help: 'Keys that wait, due or not.',
    labels: { queue: QUEUE },
  },
  queueDue: {
    name: 'imagestream_operator_queue_due',
    type: 'gauge',
    help: 'Keys that are due and wait for a worker alone.',
    labels: { queue: QUEUE },
  },
  queueProcessing: {
    name: 'imagestream_operator_queue_processing',
    type: 'gauge',
    help: 'Keys being worked on.',
    labels: { queue: QUEUE },
  },
  queueOldestDueSeconds: {
    name: 'imagestream_operator_queue_oldest_due_seconds',
    type: 'gauge',
    help: 'How long the key that has been due longest has waited for a worker.',
    labels: { queue: QUEUE },
  },
  images: {
    name: 'imagestream_operator_images',
    type: 'gauge',
    help: 'Image objects; absent when none are kept.',
    labels: {},
  },
  imagesBytes: {
    name: 'imagestream_operator_images_bytes',
    type: 'gauge',
    help: 'Size of the Image objects, as far as the operator knows it; absent when none are kept.',
    labels: {},
  },
  leader: {
    name: 'imagestream_operator_leader',
    type: 'gauge',
    help: '1 in the replica that leads.',
    labels: {},
  },
  synced: {
    name: 'imagestream_operator_synced',
    type: 'gauge',
    help: '1 once the image streams of the cluster are known.',
    labels: {},
  },
  registriesReloads: {
    name: 'imagestream_operator_registries_file_reloads_total',
    type: 'counter',
    help: 'Times the registries file was read again because it had changed.',
    labels: { outcome: ['succeeded', 'failed'] },
  },
  registriesReloadedAt: {
    name: 'imagestream_operator_registries_file_last_reload_timestamp_seconds',
    type: 'gauge',
    help: 'When a changed registries file came into force last; 0 before it did.',
    labels: {},
  },
  registriesFileValid: {
    name: 'imagestream_operator_registries_file_valid',
    type: 'gauge',
    help: '0 while the registries file has faults and what it said before stays in force.',
    labels: {},
  },
  eventLoopBusySeconds: {
    name: 'imagestream_operator_event_loop_busy_seconds_total',
    type: 'counter',
    help: 'Time that the event loop was at work, or kept from it by others on its CPU; a second in a second is all there is.',
    labels: {},
  },
  buildInfo: {
    name: 'imagestream_operator_build_info',
    type: 'gauge',
    help: 'Always 1; the labels say what runs.',
    labels: { version: 'of the operator', node: 'version of Node' },
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricTable = typeof METRICS;
