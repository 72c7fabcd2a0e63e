// `make bench`: cost and speed. Ratios are of things measured in this run; pace limits are lifted where they would decide.
import { costFigures } from './cost.ts';
import { type Figure, figureLine, missesBound } from './figures.ts';
import { memoryFigures } from './memory.ts';
import { pipelineFigures } from './pipeline.ts';
import { speedFigures } from './speed.ts';

const figures: Figure[] = [];
for (const measure of [costFigures, pipelineFigures, speedFigures, memoryFigures]) {
  for (const figure of await measure()) {
    figures.push(figure);
    console.log(figureLine(figure));
  }
}
const missed = figures.filter(missesBound);
console.log(`\n${figures.length} figures, ${missed.length} over their bound`);
if (process.env['BOUNDS'] === '1' && missed.length > 0) process.exitCode = 1;
