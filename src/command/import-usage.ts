import type { UsageText } from '../config/usage.ts';

export const IMPORT_USAGE: UsageText = {
  about:
    'Resolves images against their registries and prints what OpenShift would answer to an ImageStreamImport. No cluster is needed.',
  forms: ['[OPTIONS] REFERENCE...', '[OPTIONS] -f FILE'],
  examples: [
    { command: 'imagestream-operator import quay.io/acme/app:1.2', text: 'what a tag points to' },
    {
      command: 'imagestream-operator import --all quay.io/acme/app',
      text: 'the tags of a repository, newest versions first',
    },
    { command: 'imagestream-operator import -f isi.yaml -o yaml', text: 'a whole ImageStreamImport, completed' },
    {
      command: 'imagestream-operator import -f stream.yaml --watch --stream-out state.yaml',
      text: 'the tags of an ImageStream now, its scheduled tags on their interval',
    },
  ],
};
