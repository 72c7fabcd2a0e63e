import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { CommandFault } from '../../../src/command/fault.ts';
import { untilSignal } from '../../../src/command/until-signal.ts';
import { KubeConfigFault } from '../../../src/kube/kubeconfig-fault.ts';
import { ListenFault } from '../../../src/telemetry/servers.ts';

const signals = ['SIGTERM', 'SIGINT'] as const;
const listening = () => signals.map(signal => process.listenerCount(signal));

/** Runs work, and resolves to its status and to what was written on standard error. */
async function run(work: Parameters<typeof untilSignal>[1], asked?: (signal: NodeJS.Signals) => void) {
  const stderr = new PassThrough();
  const status = await untilSignal({ stderr, ...(asked && { asked }) }, work);
  stderr.end();
  return { status, told: String(stderr.read() ?? '') };
}

describe('untilSignal()', () => {
  test.each(signals)('%s asks the work to end, once that is told, and its status counts', async signal => {
    const story: string[] = [];
    const { status } = await run(
      async ({ signal: stop }) => {
        stop.addEventListener('abort', () => story.push(String(stop.reason)));
        process.emit(signal, signal);
        return stop.aborted ? 7 : 0;
      },
      told => story.push(`told of ${told}`),
    );
    expect({ status, story }).toEqual({ status: 7, story: [`told of ${signal}`, `Error: received ${signal}`] });
  });

  test.each(signals)('a second %s is nobody’s, and so ends the process at once', async signal => {
    const before = listening();
    await run(async () => {
      expect(listening()).toEqual(before.map(count => count + 1));
      process.emit(signal, signal);
      expect(process.listenerCount(signal)).toBe(before[signals.indexOf(signal)]);
      return 0;
    });
  });

  test('listens no longer than the work goes on, however that ends', async () => {
    const before = listening();
    await run(async () => 0);
    await expect(run(() => Promise.reject(new TypeError('a mistake')))).rejects.toThrow('a mistake');
    expect(listening()).toEqual(before);
  });

  test.each([
    ['a fault of the input', new CommandFault(['a: wrong', 'b: wrong, too']), 'a: wrong\nb: wrong, too\n'],
    ['a cluster that is not found', new KubeConfigFault('no cluster is configured'), 'no cluster is configured\n'],
    ['a port that is taken', new ListenFault('Cannot serve metrics at ":1"'), 'Cannot serve metrics at ":1"\n'],
  ])('work that cannot be begun for %s ends with 2 and its lines', async (_name, fault, told) => {
    expect(await run(() => Promise.reject(fault))).toEqual({ status: 2, told });
  });
});
