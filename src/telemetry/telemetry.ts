import { performance } from 'node:perf_hooks';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import type { ControllerObserver } from '../controller/observer.ts';
import type { KubeObserver } from '../kube/observer.ts';
import type { RegistryObserver } from '../registry/observer.ts';
import { Backlog } from './backlog.ts';
import { type Gauges, readGauges } from './gauges.ts';
import { createInstruments } from './instruments.ts';
import { LabelCap } from './label-cap.ts';
import { LABEL_LIMITS } from './metrics.ts';
import { controllerObserver, kubeObserver, registryObserver } from './observers.ts';

export interface TelemetryParts {
  /** Of the operator. */
  readonly version: string;
  readonly clock: Clock;
  /** Those that can be told already, or otherwise than by the process itself; the others through `show()`. */
  readonly gauges?: Partial<Gauges>;
}

/** All metrics of one operator. Nothing of it throws into whoever is observed. */
export interface Telemetry {
  readonly registry: RegistryObserver;
  readonly kube: KubeObserver;
  readonly controller: ControllerObserver;
  readonly contentType: string;
  /** Adds what is to be asked when metrics are read: parts that exist only after those that are observed. */
  show(gauges: Partial<Gauges>): void;
  /** The registries file was read again because it had changed. */
  registriesReloaded(succeeded: boolean): void;
  kubernetesEvent(outcome: 'sent' | 'dropped' | 'failed'): void;
  /** Everything, as Prometheus reads it. */
  exposition(): Promise<string>;
}

/** prom-client's own that `promtool check metrics` refuses: gauges whose name says counter (design D32). */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * prom-client's that come from a sampler of the event loop. It cannot be switched off, wakes a process that may have
 * nothing else to do, and tells of a quiet loop that it is late by the time between two looks. So it looks hardly ever,
 * and how busy the loop is comes from `eventLoopUtilization()`, which costs nothing until it is read.
 */
const SAMPLED = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  what => `nodejs_eventloop_lag_${what}_seconds`,
);
const LOOP_SAMPLE_MS = 24 * 3_600_000;

export function createTelemetry({ version, clock, gauges }: TelemetryParts): Telemetry {
  const registry = new Registry();
  const instruments = createInstruments(registry);
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  for (const name of [...MISNAMED, ...SAMPLED]) registry.removeSingleMetric(name);
  instruments.buildInfo.set({ version, node: process.versions.node }, 1);
  const caps = {
    registries: new LabelCap(LABEL_LIMITS.registry),
    hosts: new LabelCap(LABEL_LIMITS.host),
    reasons: new LabelCap(LABEL_LIMITS.reason),
  };
  const backlog = new Backlog();
  const shown: Partial<Gauges> = { loopBusyMs: () => performance.eventLoopUtilization().active, ...gauges };
  return {
    registry: backlog.later(registryObserver(instruments, caps)),
    kube: backlog.later(kubeObserver(instruments)),
    controller: backlog.later(controllerObserver(instruments, caps)),
    contentType: registry.contentType,
    show: more => void Object.assign(shown, more),
    registriesReloaded(succeeded) {
      instruments.registriesReloads.inc({ outcome: succeeded ? 'succeeded' : 'failed' });
      if (succeeded) instruments.registriesReloadedAt.set(clock.now() / 1000);
    },
    kubernetesEvent: outcome => instruments.kubernetesEvents.inc({ outcome }),
    exposition() {
      backlog.settle();
      readGauges(shown, { instruments, ...caps, nowMs: clock.now() });
      return registry.metrics();
    },
  };
}
