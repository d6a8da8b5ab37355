import type { z } from 'zod';

/** The `details` of an `invalid` answer: the failing paths, at most ten. */
export function toDetails(error: z.ZodError): { path: string; issue: string }[] {
  return error.issues.slice(0, 10).map((issue) => ({ path: issue.path.map(String).join('.').slice(0, 200), issue: issue.message }));
}
