declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client';

  /** Registers metrics that are read when the registry is. */
  export default function register(
    registry: Registry,
    config?: { readonly eventLoopMonitoringPrecision?: number },
  ): void;
}
