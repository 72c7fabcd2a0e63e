/** What is asked of the API server, in its own words (RBAC uses the same). */
export type KubeVerb = 'get' | 'create' | 'patch' | 'update' | 'delete' | 'list' | 'watch';

/** Why a collection was listed as a whole: for the first time, after a 410, or because watching led nowhere. */
export type ListReason = 'first' | 'expired' | 'fruitless';

/**
 * What the kube room tells whoever counts. Implemented by telemetry; the default hears nothing. `resource` is a plural:
 * few and fixed, so fit for a label.
 */
export interface KubeObserver {
  /** One request came back, or did not: then `code` is undefined. Requests that are tried again count each time. */
  request(event: {
    readonly verb: KubeVerb;
    readonly resource: string;
    readonly code: number | undefined;
    /** Until the answer was read; for a watch, until it began. */
    readonly ms: number;
  }): void;
  /** A reflector has listed its collection to the end. */
  listed(event: {
    readonly resource: string;
    readonly reason: ListReason;
    readonly objects: number;
    readonly ms: number;
  }): void;
  /** A watch is over: the server ended it, or it failed. */
  watchEnded(event: { readonly resource: string; readonly how: 'ended' | 'failed' }): void;
  /** One line of a watch was understood. */
  watchEvent(event: {
    readonly resource: string;
    readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  }): void;
  /** A sink threw for one object time and again; the reflector has gone past it. */
  sinkFailed(event: { readonly resource: string }): void;
}

export const deafObserver: KubeObserver = {
  request: () => {},
  listed: () => {},
  watchEnded: () => {},
  watchEvent: () => {},
  sinkFailed: () => {},
};
