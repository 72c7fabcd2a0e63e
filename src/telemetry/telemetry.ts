import { performance } from 'node:perf_hooks';
import { Registry } from 'prom-client';
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
import { collectProcessMetrics } from './process-metrics.ts';

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

export function createTelemetry({ version, clock, gauges }: TelemetryParts): Telemetry {
  const registry = new Registry();
  const instruments = createInstruments(registry);
  collectProcessMetrics(registry);
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
