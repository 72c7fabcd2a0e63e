import { KubeConfigFault } from '../kube/kubeconfig-fault.ts';
import { ListenFault } from '../telemetry/servers.ts';
import { CommandFault } from './fault.ts';
import type { Surroundings } from './surroundings.ts';

export interface Watched {
  readonly stderr: Surroundings['stderr'];
  /** Told of the signal, before the work is. */
  readonly asked?: (signal: NodeJS.Signals) => void;
}

/**
 * Does work that goes on until SIGTERM or SIGINT, and resolves to its exit status. Work that cannot be begun has its lines
 * told, and status 2.
 */
export async function untilSignal(
  { stderr, asked }: Watched,
  work: (stop: AbortController) => Promise<number>,
): Promise<number> {
  const stop = new AbortController();
  // Once each: the second Ctrl-C is nobody's, and so ends the process at once.
  const ask = (signal: NodeJS.Signals) => {
    asked?.(signal);
    stop.abort(new Error(`received ${signal}`));
  };
  process.once('SIGTERM', ask).once('SIGINT', ask);
  try {
    return await work(stop);
  } catch (error) {
    const lines = faultLines(error);
    if (lines === undefined) throw error;
    stderr.write(lines.map(line => `${line}\n`).join(''));
    return 2;
  } finally {
    process.off('SIGTERM', ask).off('SIGINT', ask);
  }
}

/** What is told of work that cannot be begun; undefined for an error that nobody expected. */
export function faultLines(error: unknown): readonly string[] | undefined {
  if (error instanceof CommandFault) return error.lines;
  if (error instanceof KubeConfigFault || error instanceof ListenFault) return [error.message];
  return undefined;
}
