import type { Translate } from '../app/context.tsx';

/** More are only counted. */
const NAMED = 3;

/** "Ada, Bob and Cem", "Ada, Bob and 3 more". `total`: how many they are, when not all of them are known. */
export function namesText(t: Translate, nameOf: (userId: string) => string, userIds: readonly string[], total = userIds.length): string {
  const isAll = total <= NAMED && userIds.length === total;
  const names = userIds.slice(0, isAll ? NAMED : NAMED - 1).map(nameOf);
  if (!isAll) return t('namesMore', { names: names.join(', '), count: total - names.length });
  const last = names.pop() ?? '';
  return names.length === 0 ? last : t('namesAnd', { names: names.join(', '), last });
}
