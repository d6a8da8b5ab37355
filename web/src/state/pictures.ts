import type { ChatClient } from '@chatcluster/client/types';

/** The own picture; everybody who sees one hears of it by `profile`. */
export function createPictures(client: ChatClient) {
  return {
    async set(file: File): Promise<void> {
      const { fileId } = await client.upload(file);
      await client.rest.setAvatar(fileId);
    },
    remove: () => client.rest.setAvatar(null),
  };
}
