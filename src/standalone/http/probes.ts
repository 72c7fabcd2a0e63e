import { type Answer, jsonAnswer, textAnswer } from './answer.ts';
import { methodNotAllowed } from './refusals.ts';
import type { Request } from './request.ts';

/** The Kubernetes release whose answers ours are like. Clients compare it with their own. */
export const KUBERNETES = { major: '1', minor: '36', gitVersion: 'v1.36.0+imagestream-operator' } as const;

const HEALTH = ['healthz', 'livez', 'readyz'];

/** What everybody may ask, with a token or without: whether we are well, and who we are. Undefined for other paths. */
export function probeAnswer({ method, segments, query }: Request): Answer | undefined {
  const [first = '', check, ...more] = segments;
  if (more.length > 0) return undefined;
  if (first === 'version' && check === undefined) {
    if (method !== 'GET') throw methodNotAllowed();
    return jsonAnswer(version());
  }
  if (!HEALTH.includes(first)) return undefined;
  if (check === undefined) return textAnswer(query.has('verbose') ? verbose(first) : 'ok');
  return check === 'ping' ? textAnswer('ok') : undefined;
}

/** It answers: there is nothing else that could be ill. */
function verbose(name: string): string {
  return `[+]ping ok\n${name} check passed\n`;
}

function version(): object {
  return {
    ...KUBERNETES,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: `node ${process.version}`,
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
