/* Lists of the kinds of Kubernetes itself that kubectl's patches and applies merge by a key. */

type Keys = Readonly<Record<string, string>>;

export const CONDITION_KEYS: Keys = { 'status.conditions': 'type' };
export const SERVICE_ACCOUNT_KEYS: Keys = { secrets: 'name' };
export const POD_KEYS: Keys = { ...CONDITION_KEYS, ...podKeys('spec') };
/** Of a workload that makes Pods of a template. */
export const TEMPLATE_KEYS: Keys = { ...CONDITION_KEYS, ...podKeys('spec.template.spec') };
export const CRON_JOB_KEYS: Keys = podKeys('spec.jobTemplate.spec.template.spec');

function podKeys(spec: string): Keys {
  const keys: Record<string, string> = {
    volumes: 'name',
    imagePullSecrets: 'name',
    hostAliases: 'ip',
    topologySpreadConstraints: 'topologyKey',
  };
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    keys[list] = 'name';
    keys[`${list}.env`] = 'name';
    keys[`${list}.ports`] = 'containerPort';
    keys[`${list}.volumeMounts`] = 'mountPath';
    keys[`${list}.volumeDevices`] = 'devicePath';
  }
  return Object.fromEntries(Object.entries(keys).map(([path, key]) => [`${spec}.${path}`, key]));
}
