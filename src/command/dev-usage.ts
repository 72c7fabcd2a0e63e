import type { UsageText } from '../config/usage.ts';

export const DEV_USAGE: UsageText = {
  about:
    'Shows the operator without a cluster: runs it together with an API server for kubectl and with a sample registry whose tag moves now and then, in this one process.',
  forms: ['[OPTIONS]'],
  examples: [
    { command: 'imagestream-operator dev', text: 'a stream that follows the sample registry, until Ctrl-C' },
    { command: 'kubectl --kubeconfig .dev/kubeconfig get imagestreams -A -w', text: 'in another terminal' },
    {
      command: 'imagestream-operator dev --data .dev/data --apply streams/ --no-registry',
      text: 'streams of your own, kept over restarts',
    },
  ],
};
