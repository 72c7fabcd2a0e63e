import { badRequest } from '../faults.ts';
import { type Answer, jsonAnswer } from './answer.ts';
import { readObject } from './body.ts';
import type { Question } from './discovery.ts';
import { methodNotAllowed } from './refusals.ts';
import type { Request } from './request.ts';

/** Whoever has the token may do everything. */
const USER = { username: 'admin', groups: ['system:masters', 'system:authenticated'] };

const RULES = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

interface Review extends Question {
  readonly status: object;
}

const REVIEWS: readonly Review[] = [
  review('authorization.k8s.io', 'SelfSubjectAccessReview', { allowed: true }),
  review('authorization.k8s.io', 'SelfSubjectRulesReview', RULES),
  review('authentication.k8s.io', 'SelfSubjectReview', { userInfo: USER }),
];

/** What a client may ask about itself. */
export const QUESTIONS: readonly Question[] = REVIEWS;

/** Answers such a question: always yes. Undefined for other paths. Throws `ApiFault`. */
export async function reviewAnswer(request: Request): Promise<Answer | undefined> {
  const [root, group, version, plural, ...more] = request.segments;
  if (root !== 'apis' || more.length > 0) return undefined;
  const found = REVIEWS.find(one => one.group === group && one.version === version && one.plural === plural);
  if (found === undefined) return undefined;
  if (request.method !== 'POST') throw methodNotAllowed();
  const body = await readObject(request, found.kind);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${found.kind})`);
  }
  const { kind, apiVersion } = { kind: found.kind, apiVersion: `${found.group}/${found.version}` };
  return jsonAnswer({ metadata: {}, ...body, kind, apiVersion, status: found.status }, 201);
}

function review(group: string, kind: string, status: object): Review {
  const singular = kind.toLowerCase();
  return { group, version: 'v1', kind, plural: `${singular}s`, singular, status };
}
