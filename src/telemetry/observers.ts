import type { ControllerObserver } from '../controller/observer.ts';
import type { KubeObserver } from '../kube/observer.ts';
import type { RegistryObserver } from '../registry/observer.ts';
import type { Instruments } from './instruments.ts';
import type { LabelCap } from './label-cap.ts';
import { OTHER } from './metrics.ts';

/** Label values from outside. */
export interface LabelCaps {
  readonly registries: LabelCap;
  readonly hosts: LabelCap;
  readonly reasons: LabelCap;
}

/** What the registry room tells, counted. */
export function registryObserver(count: Instruments, { hosts }: LabelCaps): RegistryObserver {
  return {
    request({ host, method, status, ms }) {
      const label = hosts.of(host);
      count.registryRequests.inc({ host: label, method, code: codeClass(status) });
      count.registryRequestSeconds.observe({ host: label }, seconds(ms));
    },
    digestHeaderMismatch: host => count.digestHeaderMismatches.inc({ host: hosts.of(host) }),
    realmNotTrusted: host => count.realmsNotTrusted.inc({ host: hosts.of(host) }),
    credentialRefused: host => count.credentialRefusals.inc({ host: hosts.of(host) }),
    credentialsRejected: host => count.credentialsRejected.inc({ host: hosts.of(host) }),
    pullQuota({ host, identity, remaining, limit }) {
      const label = hosts.of(host);
      // What is left at several registries is no number of any use.
      if (label === OTHER) return;
      count.pullQuotaRemaining.set({ host: label, identity }, remaining);
      if (limit !== undefined) count.pullQuotaLimit.set({ host: label, identity }, limit);
    },
  };
}

/** What the kube room tells, counted. */
export function kubeObserver(count: Instruments): KubeObserver {
  return {
    request({ verb, resource, code, ms }) {
      count.kubeRequests.inc({ verb, resource, code: code === undefined ? 'none' : String(code) });
      count.kubeRequestSeconds.observe({ verb, resource }, seconds(ms));
    },
    listed({ resource, reason, ms }) {
      count.kubeLists.inc({ resource, reason });
      count.kubeListSeconds.observe({ resource }, seconds(ms));
    },
    watchEnded: ({ resource, how }) => count.kubeWatchEnds.inc({ resource, how }),
    watchEvent: ({ resource, type }) => count.kubeWatchEvents.inc({ resource, type }),
    sinkFailed: ({ resource }) => count.kubeSinkFailures.inc({ resource }),
  };
}

/** What the controller room tells, counted; OpenShift's counters by the rules of controllers 3. */
export function controllerObserver(count: Instruments, { registries, reasons }: LabelCaps): ControllerObserver {
  /** `failure` is the reason of a failed import, undefined for a success. */
  const countAsOpenShift = (scheduled: boolean, registry: string, failure: string | undefined) => {
    const labels = { scheduled: String(scheduled), registry };
    if (failure === undefined) count.openshiftSuccesses.inc(labels);
    else count.openshiftErrors.inc({ ...labels, reason: reasons.of(failure === '' ? 'Unknown' : failure) });
  };
  return {
    tagChecked({ registry, outcome, reason, failureReason = '', ms }) {
      const label = registries.of(registry);
      count.tagChecks.inc({ registry: label, outcome, reason });
      count.tagCheckSeconds.observe({ registry: label }, seconds(ms));
      // Where OpenShift posts an import of one tag, we check that tag.
      countAsOpenShift(reason === 'scheduled', label, outcome === 'failed' ? failureReason : undefined);
    },
    startedLate: ms => count.scheduleLagSeconds.observe(seconds(ms)),
    entryImported({ registry, status }) {
      const label = registries.of(registry);
      const succeeded = status.status === 'Success';
      count.importEntries.inc({ registry: label, outcome: succeeded ? 'succeeded' : 'failed' });
      countAsOpenShift(false, label, succeeded ? undefined : (status.reason ?? ''));
    },
    patched: (kind, outcome) => count.writes.inc({ kind, outcome }),
    reconciled({ controller, ms, failed }) {
      count.reconcileSeconds.observe({ controller }, seconds(ms));
      if (failed) count.reconcileFailures.inc({ controller });
    },
  };
}

/** `2xx`; a status is three digits of the peer's choice. */
function codeClass(status: number | undefined): string {
  if (status === undefined) return 'none';
  return status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : OTHER;
}

/** A histogram throws at what is no number, and whoever is observed must not fail for it. */
function seconds(ms: number): number {
  return Number.isFinite(ms) ? Math.max(0, ms) / 1000 : 0;
}
