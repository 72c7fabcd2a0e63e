import { kubectlBinary } from '../../hack/tools/parts.ts';
import { type Ended, type Shipped, start } from './shipped.ts';

export interface KubectlOptions {
  /** What `-f -` reads: text as it is, anything else as JSON. */
  readonly stdin?: unknown;
  /** Whose; default: the administrator's. */
  readonly kubeconfig?: string;
}

/** kubectl as its users run it, in a home of its own. */
export interface Kubectl {
  /** Runs to its end, whatever that is. */
  run(args: readonly string[], options?: KubectlOptions): Promise<Ended>;
  /** Standard output of a run that succeeds; throws with what it complained of otherwise. */
  ok(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** What a run that is refused complains of; throws when it succeeds. */
  refused(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** Starts a run that goes on, such as `get -w`; ended after the test, unless it ends before. */
  start(args: readonly string[], options?: KubectlOptions): Shipped;
}

/** `kubeconfig` is asked for at each run: a test file's control plane starts after the file is read. */
export function createKubectl(kubeconfig: () => string): Kubectl {
  const begin = (args: readonly string[], options: KubectlOptions = {}): Shipped => {
    const program = kubectlBinary();
    if (program === undefined) throw new Error('no kubectl: run node hack/tools/fetch.ts kubectl');
    const env = { KUBECONFIG: options.kubeconfig ?? kubeconfig() };
    return start(args, { program, env, stdin: text(options.stdin) });
  };
  const run = (args: readonly string[], options?: KubectlOptions) => begin(args, options).ended;
  return {
    run,
    async ok(args, options) {
      const { status, stdout, stderr } = await run(args, options);
      if (status !== 0) throw new Error(`kubectl ${args.join(' ')} failed: ${stderr.trim()}`);
      return stdout;
    },
    async refused(args, options) {
      const { status, stdout, stderr } = await run(args, options);
      if (status === 0) throw new Error(`kubectl ${args.join(' ')} was not refused: ${stdout.trim()}`);
      return stderr;
    },
    start: begin,
  };
}

function text(stdin: unknown): string {
  if (stdin === undefined) return '';
  return typeof stdin === 'string' ? stdin : JSON.stringify(stdin);
}
