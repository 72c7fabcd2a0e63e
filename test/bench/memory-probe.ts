// Asks a hostile registry over and over and tells by how much the peak of resident memory grew. Run by memory.ts.
import { createEngine, sideBySide } from './client.ts';

const [host = '', rounds = '0'] = process.argv.slice(2);
const engine = createEngine({ inFlight: 8, plainHttp: true });
const ask = async () => {
  const place = { host, repository: 'bench/0', insecure: false };
  await engine.client.getManifest(place, { tag: 't0' }, engine.context).then(
    () => {
      throw new Error('a hostile answer was accepted');
    },
    () => {},
  );
};
await ask();
const before = process.resourceUsage().maxRSS;
await sideBySide(Array.from({ length: Number(rounds) }), 8, ask);
const after = process.resourceUsage().maxRSS;
await engine.client.close();
process.send?.({ grownMiB: (after - before) / 1024, peakMiB: after / 1024 });
process.disconnect?.();
