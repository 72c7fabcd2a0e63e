import { type Ended, type Shipped, start } from './shipped.ts';

export interface ToolOptions {
  /** What `-f -` reads: text as it is, anything else as JSON. */
  readonly stdin?: unknown;
  /** Whose; default: the administrator's. */
  readonly kubeconfig?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program of Kubernetes' users, run as they do, in a home of its own. */
export interface Tool {
  /** Runs to its end, whatever that is. */
  run(args: readonly string[], options?: ToolOptions): Promise<Ended>;
  /** Standard output of a run that succeeds; throws with what it complained of otherwise. */
  ok(args: readonly string[], options?: ToolOptions): Promise<string>;
  /** What a run that is refused complains of; throws when it succeeds. */
  refused(args: readonly string[], options?: ToolOptions): Promise<string>;
  /** Starts a run that goes on, such as `get -w`; ended after the test, unless it ends before. */
  start(args: readonly string[], options?: ToolOptions): Shipped;
}

export interface ToolParts {
  readonly name: 'kubectl' | 'helm';
  /** Undefined when it has not been fetched. */
  readonly binary: () => string | undefined;
  /** Asked for at each run: a test file's control plane starts after the file is read. */
  readonly kubeconfig: () => string;
}

export function createTool({ name, binary, kubeconfig }: ToolParts): Tool {
  const begin = (args: readonly string[], options: ToolOptions = {}): Shipped => {
    const program = binary();
    if (program === undefined) throw new Error(`no ${name}: run node hack/tools/fetch.ts ${name}`);
    const env = { KUBECONFIG: options.kubeconfig ?? kubeconfig(), ...options.env };
    return start(args, { program, env, stdin: text(options.stdin) });
  };
  const run = (args: readonly string[], options?: ToolOptions) => begin(args, options).ended;
  return {
    run,
    async ok(args, options) {
      const { status, stdout, stderr } = await run(args, options);
      if (status !== 0) throw new Error(`${name} ${args.join(' ')} failed: ${stderr.trim()}`);
      return stdout;
    },
    async refused(args, options) {
      const { status, stdout, stderr } = await run(args, options);
      if (status === 0) throw new Error(`${name} ${args.join(' ')} was not refused: ${stdout.trim()}`);
      return stderr;
    },
    start: begin,
  };
}

function text(stdin: unknown): string {
  if (stdin === undefined) return '';
  return typeof stdin === 'string' ? stdin : JSON.stringify(stdin);
}
