import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { forkFake } from './fake.ts';
import type { Figure } from './figures.ts';

const ROUNDS = 200;
/** Eight answers of 4 MiB in flight, held twice while they are put together, and what the collector leaves lying. */
const MOST_MIB = 128;

/** Peak memory whatever a registry sends. */
export async function memoryFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const hostile of ['endless', '5MiB'] as const) {
    const fake = await forkFake({ repositories: 1, tags: 1, content: 'image', hostile });
    const probe = fork(join(import.meta.dirname, 'memory-probe.ts'), [fake.host, String(ROUNDS)]);
    const [{ grownMiB, peakMiB }] = (await once(probe, 'message')) as [{ grownMiB: number; peakMiB: number }];
    await fake.close();
    figures.push({
      name: `peak memory gained over ${ROUNDS} manifests: ${hostile === 'endless' ? 'endless body' : '5 MiB'}`,
      value: grownMiB,
      unit: ' MiB',
      bound: { atMost: MOST_MIB },
      note: `peak RSS ${Math.round(peakMiB)} MiB`,
    });
  }
  return figures;
}
