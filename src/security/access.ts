/**
 * Which rules decide about a method. The closest do: those that name the method itself before those of its service, of a package, of
 * everything; at one distance the configuration before the protos. What Google's options want is added to rules that do not name the method.
 */
import { compileSelectors, METHOD, type Nameable, SERVICE } from '../routing/method-selector.ts';
import type { MethodDescriptor, ServiceDescriptor } from '../schema/descriptors.ts';
import type { Problem } from '../schema/problem.ts';
import type { AccessOptions, Permission, SecurityOptions } from './options.ts';
import { googlePermissions, protoPermission } from './proto-access.ts';

/** All of `permissions` must let a caller in. */
export interface AccessRule {
  readonly permissions: readonly Permission[];
  /** Where it stands: `security.access[2]`, `the options of library.v1.Library`. */
  readonly source: string;
  /** Names the method itself, so that what it opens is meant. */
  readonly isExact: boolean;
}

/** One rule that lets the caller in suffices. */
export type MethodAccess = readonly AccessRule[];

export interface Access {
  accessOf(method: MethodDescriptor): MethodAccess;
  /** Entries that name nothing. */
  readonly problems: readonly Problem[];
}

const anybodyKnown: Permission = { roles: [], scopes: [], subjects: [], schemes: [], anonymous: false };
const noRule: MethodAccess = [{ permissions: [anybodyKnown], source: 'no rule', isExact: false }];

/** Rules for all methods do not speak of these: probes have no credentials, and what describes the API has a rule of its own. */
const publicServices = /^grpc\.(?:health|reflection)\./;

export function compileAccess(options: SecurityOptions, nameable: Nameable): Access {
  const problems: Problem[] = [];
  const rules = options.access.map((rule, index) => compileRule(rule, index, nameable, problems));
  const known = new Map<MethodDescriptor, MethodAccess>();
  const decide = (method: MethodDescriptor): MethodAccess => {
    const added = googlePermissions(method, options);
    const isPublic = publicServices.test(method.service.fullName);
    const candidates = [...rules.flatMap((rule) => rule(method)), ...protoRules(method)].filter(
      ({ closeness }) => !isPublic || closeness >= SERVICE,
    );
    if (candidates.length === 0 && isPublic) return publicAccess(method, options);
    if (candidates.length === 0 && added.length > 0) {
      return [{ permissions: added, source: `the options of ${method.service.fullName}`, isExact: false }];
    }
    if (candidates.length === 0) return options.access.length === 0 ? noRule : [];
    const closest = Math.max(...candidates.map(({ closeness }) => closeness));
    return candidates
      .filter(({ closeness }) => closeness === closest)
      .map((rule) => (rule.isExact ? rule : { ...rule, permissions: [...rule.permissions, ...added] }));
  };
  return {
    problems,
    accessOf(method) {
      const access = known.get(method) ?? decide(method);
      known.set(method, access);
      return access;
    },
  };
}

/** Health is for everybody, as the probes over HTTP are; what describes the API is for those who may read its pages. */
function publicAccess({ service }: MethodDescriptor, { pages }: SecurityOptions): MethodAccess {
  const isHealth = service.fullName.startsWith('grpc.health.');
  const permission = isHealth ? { ...anybodyKnown, anonymous: true } : pages;
  return [{ permissions: [permission], source: isHealth ? 'health' : 'security.pages', isExact: true }];
}

type Candidate = AccessRule & { readonly closeness: number };

function compileRule(
  rule: AccessOptions,
  index: number,
  nameable: Nameable,
  problems: Problem[],
): (method: MethodDescriptor) => readonly Candidate[] {
  const source = `security.access[${index}]`;
  const closenessOf = compileSelectors(rule.methods, nameable, `${source}.methods`, problems);
  return (method) => {
    const closeness = closenessOf(method);
    return closeness < 0 ? [] : [{ permissions: [rule], source, isExact: closeness === METHOD, closeness }];
  };
}

function protoRules(method: MethodDescriptor): readonly Candidate[] {
  const rule = (element: MethodDescriptor | ServiceDescriptor, closeness: number): readonly Candidate[] => {
    const permission = protoPermission(element);
    if (permission === undefined) return [];
    const source = `the options of ${element.fullName}`;
    return [{ permissions: [permission], source, isExact: element === method, closeness }];
  };
  return [...rule(method, METHOD - 0.5), ...rule(method.service, SERVICE - 0.5)];
}
