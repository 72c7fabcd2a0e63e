export type { LoggedRequest } from '../../hack/registry/access-log.ts';
export type { Credentials, RunningRegistry } from '../../hack/registry/start.ts';

import { type RegistryOptions, type RunningRegistry, startRegistry } from '../../hack/registry/start.ts';
import { type Content, pushContent } from '../gen/content.ts';

export interface Setup extends RegistryOptions {
  readonly name: string;
}

/** The four set-ups of a registry, and the one that most production registries have. */
export const SETUPS: readonly Setup[] = [
  { name: 'open', auth: 'open' },
  { name: 'htpasswd', auth: 'htpasswd' },
  { name: 'token', auth: 'token' },
  { name: 'TLS', auth: 'open', tls: true },
  { name: 'TLS and token', auth: 'token', tls: true },
];

const running = new Map<string, Promise<RunningRegistry>>();

/** The registry of that set-up; started once per test file, and stopped by `stopAll`. */
export function setUp(setup: Setup): Promise<RunningRegistry> {
  const there = running.get(setup.name) ?? startRegistry(setup);
  running.set(setup.name, there);
  return there;
}

export async function stopAll(): Promise<void> {
  const started = await Promise.allSettled(running.values());
  running.clear();
  await Promise.all(started.map(result => (result.status === 'fulfilled' ? result.value.stop() : undefined)));
}

export function push(
  registry: RunningRegistry,
  repository: string,
  tag: string | undefined,
  content: Content,
): Promise<void> {
  return pushContent(registry.url, repository, tag, content, registry.pushHeaders(repository), registry.dispatcher);
}
