import { CHOSEN, greatest, lines, max, quantile, rate } from './panels.ts';
import type { Row } from './rows.ts';

export const workRow: Row = {
  title: 'Work',
  panels: [
    lines('Keys that are due', 'Streams and imports that wait for a worker, and those being worked on.', {
      '{{queue}} due': max('imagestream_operator_queue_due', 'queue'),
      '{{queue}} worked on': max('imagestream_operator_queue_processing', 'queue'),
    }),
    lines('Keys that wait', 'Due or not: each stream with a scheduled tag is one.', {
      '{{queue}}': max('imagestream_operator_queue_depth', 'queue'),
    }),
    lines(
      'Longest wait for a worker',
      'Of the key that has been due longest.',
      { '{{queue}}': max('imagestream_operator_queue_oldest_due_seconds', 'queue') },
      { unit: 's' },
    ),
    lines(
      'Pieces of work',
      'What was worked on, and what of it failed and is tried again.',
      {
        '{{controller}}': rate('imagestream_operator_reconcile_duration_seconds_count', 'controller'),
        '{{controller}} failed': rate('imagestream_operator_reconcile_failures_total', 'controller'),
      },
      { unit: 'ops' },
    ),
    lines(
      'How long they take',
      '99 of 100 take less. None waits for a registry.',
      { '{{controller}}': quantile(0.99, 'imagestream_operator_reconcile_duration_seconds', 'controller') },
      { unit: 's' },
    ),
    lines(
      'Writes',
      'written, conflict (another writer was first; it is computed again), refused for good.',
      { '{{kind}} {{outcome}}': rate('imagestream_operator_writes_total', 'kind, outcome') },
      { unit: 'ops', stacked: true },
    ),
    lines(
      'Kubernetes Events',
      'Sent, dropped because there were too many, or failed.',
      { '{{outcome}}': rate('imagestream_operator_kubernetes_events_total', 'outcome') },
      { unit: 'ops', stacked: true },
    ),
  ],
};

const FAILED = 'code=~"none|401|403|429|5.."';

export const apiServerRow: Row = {
  title: 'API server',
  panels: [
    lines(
      'Requests',
      'By verb and resource. An unchanged tag costs none.',
      { '{{verb}} {{resource}}': greatest(rate('imagestream_operator_kube_requests_total', 'verb, resource')) },
      { unit: 'reqps', stacked: true },
    ),
    lines(
      'Failures',
      'Requests without an answer, refused, or failed at the server.',
      {
        '{{verb}} {{resource}} {{code}}': greatest(
          rate('imagestream_operator_kube_requests_total', 'verb, resource, code', FAILED),
        ),
      },
      { unit: 'reqps', stacked: true },
    ),
    lines(
      'How long requests take',
      '99 of 100 take less; for a watch, until it began.',
      {
        '{{verb}} {{resource}}': greatest(
          quantile(0.99, 'imagestream_operator_kube_request_duration_seconds', 'verb, resource'),
        ),
      },
      { unit: 's' },
    ),
    lines(
      'Watches that are over',
      'ended by the server, every five to ten minutes; or failed. Each is begun again where it ended.',
      { '{{resource}} {{how}}': rate('imagestream_operator_kube_watch_ends_total', 'resource, how') },
      { unit: 'ops' },
    ),
    lines(
      'Collections listed as a whole',
      'first; expired (the watch had fallen too far behind); fruitless (watching led nowhere).',
      {
        '{{resource}} {{reason}}': `sum by (resource, reason) (increase(imagestream_operator_kube_lists_total{${CHOSEN}}[$__rate_interval]))`,
      },
    ),
    lines(
      'How long lists take',
      '99 of 100 take less.',
      { '{{resource}}': quantile(0.99, 'imagestream_operator_kube_list_duration_seconds', 'resource') },
      { unit: 's' },
    ),
    lines(
      'Watch events',
      'What changes in the cluster; the operator’s own writes come back here.',
      { '{{resource}} {{type}}': rate('imagestream_operator_kube_watch_events_total', 'resource, type') },
      { unit: 'ops', stacked: true },
    ),
    lines('Objects that could not be taken in', 'Each is a fault of the operator: please report it.', {
      '{{resource}}': max('imagestream_operator_kube_sink_failures_total', 'resource'),
    }),
  ],
};

export const processRow: Row = {
  title: 'Process',
  panels: [
    lines('Leads', '1 in the replica that leads.', {
      '{{instance}} leads': max('imagestream_operator_leader', 'instance'),
      '{{instance}} knows all streams': max('imagestream_operator_synced', 'instance'),
    }),
    lines('CPU', 'Cores used.', { '{{instance}}': rate('process_cpu_seconds_total', 'instance') }, { unit: 'short' }),
    lines(
      'Memory',
      'Resident, and the part of the heap in use.',
      {
        '{{instance}} resident': max('process_resident_memory_bytes', 'instance'),
        '{{instance}} heap': max('nodejs_heap_size_used_bytes', 'instance'),
      },
      { unit: 'bytes' },
    ),
    lines(
      'Event loop',
      'Share of the time that it is at work, or kept from it by others on its CPU. Near 100 % the process can do no more.',
      { '{{instance}}': rate('imagestream_operator_event_loop_busy_seconds_total', 'instance') },
      { unit: 'percentunit' },
    ),
    lines('Open files', 'Connections are files, too.', {
      '{{instance}}': max('process_open_fds', 'instance'),
    }),
    lines(
      'Age of the process',
      'It falls back to nothing at a restart.',
      { '{{instance}}': `time() - ${max('process_start_time_seconds', 'instance')}` },
      { unit: 's' },
    ),
  ],
};
