import type { UsageText } from '../config/usage.ts';

export const OPERATOR_USAGE: UsageText = {
  about:
    'Watches the image streams of a cluster, imports what their tags ask for, re-checks scheduled tags, and completes ImageStreamImports.',
  forms: ['[OPTIONS]'],
  examples: [
    { command: 'imagestream-operator operator', text: 'in a pod, or for the cluster that kubectl talks to' },
    {
      command: 'imagestream-operator operator --watch-namespaces team-a,team-b --leader-elect=false',
      text: 'two namespaces, with no other replica to agree with',
    },
    {
      command: 'IMAGESTREAM_OPERATOR_DEFAULT_INTERVAL=5m imagestream-operator operator --log-level debug',
      text: 'every option of a place is an environment variable, too',
    },
  ],
};
