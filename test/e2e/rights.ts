import type { AuditEvent } from './audit.ts';
import type { Cluster } from './control-plane.ts';

/**
 * One thing that somebody may do: `verb group/resource[/subresource]`, the group left out for core ones, then where
 * (` in NAMESPACE`; everywhere when nothing follows), or of which object alone (` NAME`).
 */
export type Right = string;

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Role {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly Rule[];
}

interface Binding {
  readonly metadata: { readonly namespace?: string };
  readonly roleRef: { readonly kind: 'Role' | 'ClusterRole'; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** Everything that the bindings of a cluster let a ServiceAccount do. */
export async function grantedTo(cluster: Cluster, account: Account): Promise<readonly Right[]> {
  const bindings = await listed<Binding>(cluster, 'clusterrolebindings', 'rolebindings');
  const roles = await listed<Role>(cluster, 'clusterroles', 'roles');
  const own = bindings.filter(({ subjects = [] }) =>
    subjects.some(
      ({ kind, name, namespace }) =>
        kind === 'ServiceAccount' && name === account.name && namespace === account.namespace,
    ),
  );
  const rights = own.flatMap(({ metadata: { namespace }, roleRef }) => {
    const home = roleRef.kind === 'Role' ? namespace : undefined;
    const role = roles.find(({ metadata }) => metadata.name === roleRef.name && metadata.namespace === home);
    if (role === undefined) throw new Error(`${roleRef.kind} ${roleRef.name} is bound and not there`);
    return role.rules.flatMap(rule => rightsOf(rule, namespace));
  });
  return sorted(rights);
}

/**
 * What was done, in the words of `granted`: in a namespace where that is what is granted, with the name of the object where
 * one object alone is.
 */
export function usedOf(events: readonly AuditEvent[], granted: readonly Right[]): readonly Right[] {
  const known = new Set(granted);
  return sorted(
    events.map(({ verb, objectRef: { apiGroup = '', resource = '', subresource, namespace, name } = {} }) => {
      const what = right(verb, apiGroup, subresource === undefined ? resource : `${resource}/${subresource}`);
      const where = namespace === undefined ? '' : ` in ${namespace}`;
      const ways = [what, `${what}${where}`, `${what} ${name}${where}`];
      return ways.find(way => known.has(way)) ?? `${what}${where}`;
    }),
  );
}

function rightsOf({ apiGroups, resources, resourceNames, verbs }: Rule, namespace: string | undefined): Right[] {
  const where = namespace === undefined ? '' : ` in ${namespace}`;
  const names = resourceNames?.map(name => ` ${name}`) ?? [''];
  return apiGroups.flatMap(group =>
    resources.flatMap(resource =>
      verbs.flatMap(verb => names.map(name => `${right(verb, group, resource)}${name}${where}`)),
    ),
  );
}

function right(verb: string, group: string, resource: string): Right {
  return `${verb} ${group === '' ? '' : `${group}/`}${resource}`;
}

function sorted(rights: readonly Right[]): readonly Right[] {
  return [...new Set(rights)].sort();
}

async function listed<Kind>(cluster: Cluster, ...resources: readonly string[]): Promise<readonly Kind[]> {
  const lists = await Promise.all(
    resources.map(async resource => {
      const path = `/apis/rbac.authorization.k8s.io/v1/${resource}`;
      return ((await cluster.plane().ask('GET', path)) as { readonly items: readonly Kind[] }).items;
    }),
  );
  return lists.flat();
}
