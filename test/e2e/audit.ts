import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

/** One request, as the API server recorded it. */
export interface AuditEvent {
  readonly verb: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

export interface Audit {
  /** What kube-apiserver is started with to keep it. */
  readonly flags: readonly string[];
  /** All that was answered so far. */
  events(): readonly AuditEvent[];
  /** Whether this was asked: `patch`, `events`. */
  has(verb: string, resource: string, namespace?: string): boolean;
  /** What was asked and must not be. */
  refused(): readonly AuditEvent[];
}

/** What the API server of the test file is asked by one ServiceAccount, and by nobody else. */
export function useAudit({ namespace, name }: { readonly namespace: string; readonly name: string }): Audit {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, 'audit.log');
  const policy = join(folder, 'policy.yaml');
  const users = [`system:serviceaccount:${namespace}:${name}`];
  const rules = [{ level: 'Metadata', users, omitStages: ['RequestReceived', 'ResponseStarted'] }, { level: 'None' }];
  writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
  const events = (): AuditEvent[] =>
    readFileSync(log, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line));
  return {
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking-strict'],
    events,
    has: (verb, resource, where) =>
      events().some(
        ({ verb: done, objectRef: { resource: what, namespace: place } = {} }) =>
          done === verb && what === resource && (where === undefined || place === where),
      ),
    refused: () => events().filter(({ responseStatus }) => responseStatus?.code === 403),
  };
}
