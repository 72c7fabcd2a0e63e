/** Docker Hub, whose name and namespace are implied where a reference has none. */
export const HUB_HOST = 'docker.io';
export const HUB_NAMESPACE = 'library';
export const DEFAULT_TAG = 'latest';

const HUB_HOSTS: ReadonlySet<string> = new Set([HUB_HOST, 'index.docker.io', 'registry-1.docker.io']);

/** Whether a host as written is one of Docker Hub's names (import-semantics 1.3). */
export function isHubHost(host: string): boolean {
  return HUB_HOSTS.has(host);
}
