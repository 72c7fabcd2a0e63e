import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import type { DevOptions } from '../config/dev-options.ts';
import type { News } from '../controller/announcer.ts';
import type { StreamIndex } from '../controller/stream-index.ts';
import { nextSlotMs } from '../imagestream/due.ts';
import { createLogger, type Logger } from '../log.ts';
import { type SampleRegistry, startSampleRegistry } from '../standalone/sample-registry.ts';
import { applyAll, applySample } from './dev-apply.ts';
import { type DevCluster, startCluster } from './dev-cluster.ts';
import { openHome } from './dev-home.ts';
import { operatorConfig, prepareKubeconfig, writeKubeconfig } from './dev-kubeconfig.ts';
import { isScheduledMove, NewsLines, type Outlook, outlookText, partLine } from './dev-lines.ts';
import { type Listening, listenAt } from './dev-ports.ts';
import { readObjectFiles } from './object-files.ts';
import { operate } from './operator-run.ts';
import type { Surroundings } from './surroundings.ts';
import { untilSignal } from './until-signal.ts';

const USUAL_PORT = 8443;
const USUAL_REGISTRY_PORT = 5000;
const KUBECTL_PAGE = 'https://kubernetes.io/docs/tasks/tools/';

/**
 * Runs the operator with an API server and a sample registry of its own until SIGINT or SIGTERM, or with `--for` until a
 * scheduled check saw a tag move. Resolves to 0, to 1 when none did or the lease was lost, to 2 when it cannot be begun.
 */
export function runDev(options: DevOptions, surroundings: Surroundings): Promise<number> {
  return untilSignal(surroundings, stop => new DevRun(options, surroundings, stop).run());
}

/** One run, and what it has told so far. */
class DevRun {
  readonly #options: DevOptions;
  readonly #surroundings: Surroundings;
  readonly #stop: AbortController;
  readonly #clock: Clock = systemClock;
  readonly #lines = new NewsLines();
  #sawMove = false;

  constructor(options: DevOptions, surroundings: Surroundings, stop: AbortController) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#stop = stop;
  }

  async run(): Promise<number> {
    const { data, apply = [], kubeconfigOut, noRegistry, logLevel } = this.#options;
    // Before anything listens: what is wrong with what was typed.
    const given = await readObjectFiles(apply, this.#surroundings.stdin);
    await prepareKubeconfig(kubeconfigOut);
    const home = await openHome(data, this.#clock.now());

    const log = createLogger(logLevel, this.#surroundings.stderr);
    const { address, port: asked } = this.#options;
    const port = { flag: '--port', asked, usual: USUAL_PORT };
    const ends: (() => Promise<void>)[] = [];
    try {
      const cluster = await startCluster({ home, address, port, clock: this.#clock, log });
      ends.unshift(() => cluster.close());
      const registry = noRegistry ? undefined : await this.#startRegistry();
      if (registry !== undefined) {
        ends.unshift(() => registry.server.close());
        await applySample(cluster.objects, registry.server);
      }
      await applyAll(cluster.objects, given);
      await writeKubeconfig(kubeconfigOut, cluster.access);
      await this.#tellParts(cluster, registry);
      return await this.#operate(cluster, log);
    } finally {
      for (const end of ends) await end();
    }
  }

  #startRegistry(): Promise<Listening<SampleRegistry>> {
    const port = { flag: '--registry-port', asked: this.#options.registryPort, usual: USUAL_REGISTRY_PORT };
    return listenAt(port, number => startSampleRegistry({ port: number, clock: this.#clock }));
  }

  async #tellParts(cluster: DevCluster, registry: Listening<SampleRegistry> | undefined): Promise<void> {
    const { kubeconfigOut } = this.#options;
    const { url } = cluster.access;
    this.#write(partLine('API server', url, `(kubectl --kubeconfig ${kubeconfigOut} …)`));
    if (cluster.movedAside) this.#write(partLine('', `port ${USUAL_PORT} is taken, so it is at another one`));
    if (registry !== undefined) {
      const { host, repository, tags } = registry.server;
      this.#write(partLine('Registry', `http://${host}`, `${repository}: ${tags.join(', ')}`));
      if (registry.movedAside) {
        const where = `localhost:${USUAL_REGISTRY_PORT}`;
        this.#write(partLine('', `port ${USUAL_REGISTRY_PORT} is taken: files that name ${where} mean somebody else`));
      }
    }
    if (!(await hasKubectl(this.#surroundings.env))) {
      this.#write(partLine('kubectl', `is not on the PATH; 1.32 or newer is at ${KUBECTL_PAGE}`));
    }
  }

  async #operate(cluster: DevCluster, log: Logger): Promise<number> {
    const { forMs } = this.#options;
    const { signal } = this.#stop;
    if (forMs !== undefined) void this.#endAfter(forMs);
    const end = await operate(
      { ...this.#options, kubeconfig: undefined, namespace: undefined },
      {
        env: this.#surroundings.env,
        log,
        stop: signal,
        loopback: 'allow',
        config: operatorConfig(cluster.access),
        events: { event: news => this.#tell(news) },
        leads: streams => this.#write(partLine('Operator', outlookText(this.#outlook(streams)))),
      },
    );
    if (end !== 0) this.#surroundings.stderr.write('The operator lost its Lease\n');
    else if (forMs !== undefined && !this.#sawMove) {
      this.#surroundings.stderr.write('No scheduled check saw a tag move\n');
      return 1;
    }
    return end;
  }

  async #endAfter(forMs: number): Promise<void> {
    await this.#clock.sleep(forMs, this.#stop.signal).catch(() => {});
    this.#stop.abort(new Error('the time is over'));
  }

  #tell(news: News): void {
    this.#write(this.#lines.line(news, this.#clock.now()));
    if (!isScheduledMove(news)) return;
    this.#sawMove = true;
    if (this.#options.forMs !== undefined) this.#stop.abort(new Error('a tag was seen to move'));
  }

  #outlook(streams: StreamIndex): Outlook {
    const nowMs = this.#clock.now();
    let tags = 0;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const key of streams.keys()) {
      const stream = streams.get(key);
      if (stream === undefined) continue;
      tags += stream.spec?.tags?.length ?? 0;
      nextMs = Math.min(nextMs, nextSlotMs(stream, nowMs, this.#options) ?? nextMs);
    }
    const nextCheckInMs = Number.isFinite(nextMs) ? nextMs - nowMs : undefined;
    return { streams: streams.size, tags, nextCheckInMs };
  }

  #write(line: string): void {
    this.#surroundings.stdout.write(line);
  }
}

async function hasKubectl({ PATH = '' }: Surroundings['env']): Promise<boolean> {
  for (const folder of PATH.split(delimiter)) {
    if (folder === '') continue;
    const found = await access(join(folder, 'kubectl'), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
