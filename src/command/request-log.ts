import type { Logger } from '../log.ts';
import type { RegistryObserver } from '../registry/observer.ts';

/** Tells the log of every request, for `--log-level debug`. What is worth a warning the client says itself. */
export function requestLog(log: Logger): RegistryObserver {
  return {
    request: ({ host, method, status, ms }) =>
      log.debug({ host, method, status: status ?? 'none', ms: Math.round(ms) }, 'Asked a registry'),
    digestHeaderMismatch: host => log.debug({ host }, 'A digest in a header was not that of the content'),
    realmNotTrusted: () => {},
    credentialsRejected: () => {},
    credentialRefused: () => {},
    pullQuota: quota => log.debug({ ...quota }, 'A registry told what is left of its quota'),
  };
}
