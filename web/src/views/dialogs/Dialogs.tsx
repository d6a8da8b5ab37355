import { useModel, useView } from '../app/context.tsx';
import { Report } from '../safety/Report.tsx';
import { AddPeople } from './AddPeople.tsx';
import { BrowseChannels } from './BrowseChannels.tsx';
import { NewConversation } from './NewConversation.tsx';
import { Profile } from './Profile.tsx';
import { Rename } from './Rename.tsx';

export function Dialogs() {
  const { set } = useModel();
  const dialog = useView((view) => view.dialog);
  const selectedId = useView((view) => view.selectedId);
  const close = () => set({ dialog: undefined });
  if (dialog === 'new') return <NewConversation onClose={close} />;
  if (dialog === 'browse') return <BrowseChannels onClose={close} />;
  if (dialog === 'profile') return <Profile onClose={close} />;
  if (dialog === 'add-people' && selectedId) return <AddPeople conversationId={selectedId} onClose={close} />;
  if (dialog === 'report') return <Report onClose={close} />;
  return dialog === 'rename' && selectedId ? <Rename conversationId={selectedId} onClose={close} /> : null;
}
