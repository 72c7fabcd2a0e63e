import type { Registry } from 'prom-client';
import eventLoopLag from 'prom-client/lib/metrics/eventLoopLag.js';
import heapSize from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import heapSpaces from 'prom-client/lib/metrics/heapSpacesSizeAndUsed.js';
import memory from 'prom-client/lib/metrics/osMemoryHeap.js';
import cpu from 'prom-client/lib/metrics/processCpuTotal.js';
import handles from 'prom-client/lib/metrics/processHandles.js';
import maxFiles from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import openFiles from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import requests from 'prom-client/lib/metrics/processRequests.js';
import resources from 'prom-client/lib/metrics/processResources.js';
import startTime from 'prom-client/lib/metrics/processStartTime.js';
import nodeVersion from 'prom-client/lib/metrics/version.js';

/** All that are read when the metrics are, and cost nothing before. */
const READ = [
  ...[cpu, startTime, memory, openFiles, maxFiles, heapSize, heapSpaces],
  ...[handles, requests, resources, nodeVersion],
];

/** Gauges whose name says counter, which `promtool check metrics` refuses (design D32). */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * `eventLoopLag` has a sampler that cannot be switched off, wakes a process that may have nothing else to do, and tells of a
 * quiet loop that it is late by the time between two looks. So it looks hardly ever, and what it finds is left out. How
 * busy the loop is comes from `eventLoopUtilization()`, which costs nothing until it is read.
 */
const LOOP_SAMPLE_MS = 24 * 3_600_000;
const SAMPLED = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  what => `nodejs_eventloop_lag_${what}_seconds`,
);

/**
 * prom-client's metrics of the process, one by one: `collectDefaultMetrics` would add the time of each garbage collection.
 * Node makes an object for each, which took a twenty-fifth of all CPU in an operator that does nothing but check tags.
 */
export function collectProcessMetrics(registry: Registry): void {
  for (const metric of READ) metric(registry);
  eventLoopLag(registry, { eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  for (const name of [...MISNAMED, ...SAMPLED]) registry.removeSingleMetric(name);
}
