import { greatest, lines, max, quantile, rate, stat, sum } from './panels.ts';
import type { Row } from './rows.ts';

export const glanceRow: Row = {
  title: 'At a glance',
  panels: [
    stat('Leaders', 'Replicas that lead: one, always.', sum('imagestream_operator_leader'), { good: { from: 1 } }),
    stat(
      'Replicas',
      'Replicas that are scraped.',
      `count(imagestream_operator_build_info{namespace=~"$namespace", job=~"$job"})`,
      { good: { from: 1 } },
    ),
    stat('Streams', 'Image streams known.', max('imagestream_operator_streams')),
    stat('Tags', 'Tags that a registry is asked for.', sum('imagestream_operator_tags')),
    stat(
      'Scheduled tags in time',
      'Share of the scheduled tags whose last check is at most two of their intervals ago.',
      `1 - ${sum('imagestream_operator_tags_late')} / ${sum('imagestream_operator_tags_scheduled')}`,
      { unit: 'percentunit', good: { from: 0.999 } },
    ),
    stat(
      'Failing tags',
      'Tags that were imported before and whose last import failed.',
      sum('imagestream_operator_tags', '', 'state="failing"'),
      { good: { below: 1 } },
    ),
    stat(
      'Hosts down or pausing',
      'Registry hosts that do not answer, or that want to be left alone for a while.',
      `count((${max('imagestream_operator_lane_breaker_open', 'host')} > 0) or (${max('imagestream_operator_lane_paused_seconds', 'host')} > 0)) or vector(0)`,
      { good: { below: 1 } },
    ),
    stat(
      'Version',
      'What runs; two versions while an upgrade is under way.',
      { expr: max('imagestream_operator_build_info', 'version'), legend: '{{version}}' },
      { show: 'legend' },
    ),
  ],
};

export const freshnessRow: Row = {
  title: 'Freshness',
  panels: [
    lines(
      'Tags by how they stand',
      'imported: the last import succeeded. failing: it failed, but images are there from before. neverWorked: it failed, and none ever succeeded. waiting: not imported yet.',
      { '{{state}}': sum('imagestream_operator_tags', 'state') },
      { stacked: true },
    ),
    lines(
      'Late tags by registry',
      'Scheduled tags without a check for more than two of their intervals.',
      { '{{registry}}': greatest(sum('imagestream_operator_tags_late', 'registry')) },
      { stacked: true },
    ),
    lines(
      'How late scheduled checks begin',
      'From the time slot of a tag to the moment its check is sent off. The wait for its lane comes on top.',
      {
        'half of them': quantile(0.5, 'imagestream_operator_schedule_lag_seconds'),
        '99 of 100': quantile(0.99, 'imagestream_operator_schedule_lag_seconds'),
      },
      { unit: 's' },
    ),
    lines(
      'How long checks take',
      'From asking for a tag to its result, with the wait for its lane: 99 of 100 take less.',
      { '{{registry}}': greatest(quantile(0.99, 'imagestream_operator_tag_check_duration_seconds', 'registry')) },
      { unit: 's' },
    ),
    lines('Tags of which a check is under way', 'Many that stay are waiting for lanes.', {
      tags: sum('imagestream_operator_tags_in_flight'),
      imports: sum('imagestream_operator_imports_running'),
      'streams that wait': sum('imagestream_operator_streams_waiting'),
    }),
    lines('Images', 'Image objects kept: one for each digest that a history names.', {
      Images: max('imagestream_operator_images'),
    }),
    lines(
      'Size of the Images',
      'What the Image objects take in the API server, as far as the operator knows.',
      { size: max('imagestream_operator_images_bytes') },
      { unit: 'bytes' },
    ),
  ],
};

export const importsRow: Row = {
  title: 'Imports',
  panels: [
    lines(
      'Checks by outcome',
      'unchanged costs one HEAD; imported means that a tag moved, or was new.',
      { '{{outcome}}': rate('imagestream_operator_tag_checks_total', 'outcome') },
      { unit: 'ops', stacked: true },
    ),
    lines(
      'Checks by reason',
      'Why tags were due.',
      { '{{reason}}': rate('imagestream_operator_tag_checks_total', 'reason') },
      { unit: 'ops', stacked: true },
    ),
    lines(
      'Checks by registry',
      'The ten registries that are asked most.',
      { '{{registry}}': greatest(rate('imagestream_operator_tag_checks_total', 'registry')) },
      { unit: 'ops', stacked: true },
    ),
    lines(
      'Failures by registry and reason',
      "By OpenShift's counter of failed imports.",
      { '{{registry}} {{reason}}': greatest(rate('openshift_imagestreamcontroller_error_count', 'registry, reason')) },
      { unit: 'ops', stacked: true },
    ),
    lines(
      'Successes by registry',
      "By OpenShift's counter of successful imports.",
      { '{{registry}}': greatest(rate('openshift_imagestreamcontroller_success_count', 'registry')) },
      { unit: 'ops', stacked: true },
    ),
    lines(
      'Tags that fail, by registry',
      'failing: they worked before. neverWorked: mostly a spec that was never right.',
      {
        '{{registry}} {{state}}': greatest(
          sum('imagestream_operator_tags', 'registry, state', 'state=~"failing|neverWorked"'),
        ),
      },
    ),
    lines(
      'Imports that users asked for',
      'Images and repositories of ImageStreamImports and of streams that ask for a whole repository.',
      { '{{outcome}}': rate('imagestream_operator_import_entries_total', 'outcome') },
      { unit: 'ops', stacked: true },
    ),
  ],
};

export const lanesRow: Row = {
  title: 'Lanes',
  panels: [
    lines('Requests that wait', 'For their turn in the lane of their host.', {
      '{{host}}': greatest(max('imagestream_operator_lane_waiting', 'host')),
    }),
    lines('Requests under way', 'At most inFlight of the host, in the registries file.', {
      '{{host}}': greatest(max('imagestream_operator_lane_in_flight', 'host')),
    }),
    lines(
      'Pace in force',
      'Requests a second. Each time a host says that it is too much this halves, and it grows back by a tenth a minute.',
      { '{{host}}': greatest(max('imagestream_operator_lane_requests_per_second', 'host')) },
      { unit: 'reqps' },
    ),
    lines(
      'Pauses',
      'How much longer hosts want to be left alone.',
      { '{{host}}': greatest(max('imagestream_operator_lane_paused_seconds', 'host')) },
      { unit: 's' },
    ),
    lines('Hosts that are down', '1 while a host does not answer and is asked only now and then.', {
      '{{host}}': greatest(max('imagestream_operator_lane_breaker_open', 'host')),
    }),
  ],
};

export const registriesRow: Row = {
  title: 'Registries',
  panels: [
    lines(
      'Requests by host',
      'To registries, token servers, and where they redirect to.',
      { '{{host}}': greatest(rate('imagestream_operator_registry_requests_total', 'host')) },
      { unit: 'reqps', stacked: true },
    ),
    lines(
      'Requests by method and answer',
      'HEAD 2xx is what unchanged tags cost.',
      { '{{method}} {{code}}': rate('imagestream_operator_registry_requests_total', 'method, code') },
      { unit: 'reqps', stacked: true },
    ),
    lines(
      'How long requests take',
      'Without the wait for their lane: 99 of 100 take less.',
      { '{{host}}': greatest(quantile(0.99, 'imagestream_operator_registry_request_duration_seconds', 'host')) },
      { unit: 's' },
    ),
    lines(
      'Pull quota left',
      'Share of the pulls that a registry allows, as last heard. From a fifth on what is left is kept for users.',
      {
        '{{host}} {{identity}}': `${max('imagestream_operator_registry_pull_quota_remaining', 'host, identity')} / ${max('imagestream_operator_registry_pull_quota_limit', 'host, identity')}`,
      },
      { unit: 'percentunit' },
    ),
    lines(
      'What registries got wrong, or did not accept',
      'Credentials refused, and repositories asked without them since; token servers that get none of ours; headers that named another digest than the content has.',
      {
        'credentials refused, {{host}}': rate('imagestream_operator_registry_credential_refusals_total', 'host'),
        'asked without them, {{host}}': rate('imagestream_operator_registry_credentials_rejected_total', 'host'),
        'token server not trusted, {{host}}': rate('imagestream_operator_registry_realms_not_trusted_total', 'host'),
        'wrong digest, {{host}}': rate('imagestream_operator_registry_digest_header_mismatches_total', 'host'),
      },
      { unit: 'ops' },
    ),
    lines(
      'Registries file',
      'valid: 1 while what the file says is in force. When it was last read anew is told as a moment.',
      {
        valid: `min(imagestream_operator_registries_file_valid{namespace=~"$namespace", job=~"$job"})`,
        'read again, {{outcome}}': `sum by (outcome) (increase(imagestream_operator_registries_file_reloads_total{namespace=~"$namespace", job=~"$job"}[$__rate_interval]))`,
      },
    ),
    stat(
      'Registries file changed',
      'When a changed file came into force last.',
      `${max('imagestream_operator_registries_file_last_reload_timestamp_seconds')} * 1000 > 0`,
      { unit: 'dateTimeFromNow' },
    ),
  ],
};
