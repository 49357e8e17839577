/** Which records somebody may read, judge or append. Where both lists are empty: all. */
export type Scope = {
  /** Names of contracts: their records, and the topics that are judged by them. */
  readonly subjects: readonly string[];
  readonly topics: readonly string[];
};

export const EVERYTHING: Scope = { subjects: [], topics: [] };

/** What a request is about; absent: not said. */
export type About = { readonly subject?: string | undefined; readonly topic?: string | undefined };

export function isLimited({ subjects, topics }: Scope): boolean {
  return subjects.length > 0 || topics.length > 0;
}

/**
 * Whether what a request is about lies in a scope. A request that is about everything lies in none that is limited.
 * @param subjectOf the contract that judges a topic; null: none does.
 */
export function isWithin(scope: Scope, about: About, subjectOf: (topic: string) => string | null): boolean {
  if (!isLimited(scope)) return true;
  const { subject, topic } = about;
  if (subject === undefined && topic === undefined) return false;
  const holdsTopic = (name: string): boolean => {
    const judged = subjectOf(name);
    return scope.topics.includes(name) || (judged !== null && scope.subjects.includes(judged));
  };
  const holdsSubject = (name: string): boolean =>
    scope.subjects.includes(name) || scope.topics.some((one) => subjectOf(one) === name);
  return (topic === undefined || holdsTopic(topic)) && (subject === undefined || holdsSubject(subject));
}
