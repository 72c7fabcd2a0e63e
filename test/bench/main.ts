// `make bench`: cost and speed. Ratios are of things measured in this run; pace limits are lifted where they would decide.
import { costFigures } from './cost.ts';
import { devFigures } from './dev.ts';
import { type Figure, figureLine, missesBound } from './figures.ts';
import { memoryFigures } from './memory.ts';
import { compareFigures } from './operator-compare.ts';
import { lagFigures } from './operator-lag.ts';
import { latencyFigures } from './operator-latency.ts';
import { syncFigures } from './operator-sync.ts';
import { pipelineFigures } from './pipeline.ts';
import { speedFigures } from './speed.ts';

/** `ONLY=cost,sync` names some of them. */
const MEASURES: Readonly<Record<string, () => Promise<readonly Figure[]> | AsyncIterable<Figure>>> = {
  cost: costFigures,
  pipeline: pipelineFigures,
  speed: speedFigures,
  memory: memoryFigures,
  sync: syncFigures,
  latency: latencyFigures,
  dev: devFigures,
  // Minutes each, told as they come: they watch whole intervals go by.
  compare: compareFigures,
  lag: lagFigures,
};

const names = process.env['ONLY']?.split(',') ?? Object.keys(MEASURES);
const figures: Figure[] = [];
for (const name of names) {
  const measure = MEASURES[name];
  if (measure === undefined) throw new Error(`ONLY: "${name}": expected ${Object.keys(MEASURES).join(', ')}`);
  console.log(`# ${name}`);
  for await (const figure of await measure()) {
    figures.push(figure);
    console.log(figureLine(figure));
  }
}
const missed = figures.filter(missesBound);
console.log(`\n${figures.length} figures, ${missed.length} over their bound`);
if (process.env['BOUNDS'] === '1' && missed.length > 0) process.exitCode = 1;
