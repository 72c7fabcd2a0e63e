import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { registryBinary } from '../../hack/debian/parts.ts';
import { startRegistry } from '../../hack/registry/start.ts';
import { ACCEPT } from '../../src/image/media-types.ts';
import { pushContent, sampleImage } from '../gen/content.ts';
import { createEngine, sideBySide } from './client.ts';
import { forkFake } from './fake.ts';
import type { Figure } from './figures.ts';

const CONNECTIONS = 8;
/** Checks under way: more than connections, so that a connection never waits for the next one to be made up. */
const SIDE_BY_SIDE = 4 * CONNECTIONS;
/** Short ones: what else the machine does for a moment spoils some of them, and the median is of the others. */
const ROUNDS = 15;

interface Target {
  readonly name: string;
  readonly url: string;
  readonly host: string;
  readonly ca?: string;
  /** Of either, in all rounds together. */
  readonly checks: number;
  readonly atLeast: number;
}

/** Unchanged re-checks per second ÷ a bare undici HEAD loop: same connections, same registry, same run. */
export async function speedFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const ca = readFileSync(join(import.meta.dirname, '../fake/certificates/ca.crt'), 'utf8');
  for (const tls of [false, true]) {
    const fake = await forkFake({ repositories: 1, tags: 1, content: 'image', tls });
    const name = `fake registry, ${tls ? 'https' : 'http'}`;
    figures.push(
      ...(await compare({ name, ...fake, ...(tls && { ca }), checks: 12_000, atLeast: 0.7 }, 'bench/0', 't0')),
    );
    await fake.close();
  }
  if (registryBinary() === undefined)
    throw new Error('no real registry: node hack/debian/fetch.ts docker-registry gets it');
  for (const tls of [false, true]) {
    const real = await startRegistry({ auth: 'open', tls });
    await pushContent(real.url, 'bench/0', 't0', sampleImage(), {}, real.dispatcher);
    const target = { name: `CNCF registry, ${tls ? 'https' : 'http'}`, url: real.url, host: real.host, checks: 4500 };
    const trusted = real.ca === undefined ? {} : { ca: real.ca };
    figures.push(...(await compare({ ...target, ...trusted, atLeast: 0.9 }, 'bench/0', 't0')));
    await real.stop();
  }
  return figures;
}

async function compare(target: Target, repository: string, tag: string): Promise<Figure[]> {
  const ours = await oursOf(target, repository, tag);
  const bare = bareOf(target, repository, tag);
  const ratios: number[] = [];
  let cpuMs = 0;
  let perSecond = 0;
  // Both run warm, as what goes on for weeks does: V8 optimizes what ran thousands of times. Then they take turns, so that
  // what else the machine does hits both.
  await bare.run(target.checks);
  await ours.run(target.checks);
  const count = Math.ceil(target.checks / ROUNDS);
  for (let round = 0; round < ROUNDS; round += 1) {
    const loop = await bare.run(count);
    const checks = await ours.run(count);
    ratios.push(loop.ms / checks.ms);
    cpuMs += checks.cpuMs / count / ROUNDS;
    perSecond += count / (checks.ms / 1000) / ROUNDS;
  }
  await ours.close();
  await bare.close();
  const ratio = ratios.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  return [
    {
      name: `unchanged re-checks ÷ bare HEADs, ${target.name}`,
      value: ratio,
      bound: { atLeast: target.atLeast },
      note: `${Math.round(perSecond)} checks/s, pace lifted`,
    },
    { name: `CPU per check, ${target.name}`, value: cpuMs, unit: ' ms' },
  ];
}

interface Run {
  run(count: number): Promise<{ readonly ms: number; readonly cpuMs: number }>;
  close(): Promise<void>;
}

async function oursOf({ host, url, ca }: Target, repository: string, tag: string): Promise<Run> {
  const plainHttp = url.startsWith('http:');
  const engine = createEngine({ inFlight: CONNECTIONS, plainHttp, ...(ca !== undefined && { ca }) });
  const place = { host, repository, insecure: false };
  const { digest } = await engine.client.getManifest(place, { tag }, engine.context);
  return {
    run: count =>
      timed(count, async () => {
        const { outcome } = await engine.client.checkTag(place, tag, digest, engine.context);
        if (outcome !== 'unchanged') throw new Error(`unexpected: ${outcome}`);
      }),
    close: () => engine.client.close(),
  };
}

function bareOf({ url, ca }: Target, repository: string, tag: string): Run {
  const dispatcher = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    ...(ca !== undefined && { connect: { ca } }),
  });
  const target = `${url}/v2/${repository}/manifests/${tag}`;
  return {
    run: count =>
      timed(count, async () => {
        const answer = await request(target, { method: 'HEAD', reset: false, headers: { accept: ACCEPT }, dispatcher });
        await answer.body.dump();
        if (answer.statusCode !== 200) throw new Error(`unexpected: HTTP ${answer.statusCode}`);
      }),
    close: () => dispatcher.close(),
  };
}

async function timed(count: number, action: () => Promise<void>) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await sideBySide(Array.from({ length: count }), SIDE_BY_SIDE, action);
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - start, cpuMs: (user + system) / 1000 };
}
