import { useChat } from '../app/context.tsx';

/** Whether the user has blocked this person. */
export function useIsBlocked(userId: string | undefined): boolean {
  return useChat((client) => userId !== undefined && client.blocks.ids.has(userId));
}
